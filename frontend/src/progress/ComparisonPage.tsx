import { Page } from "../kit/Page";
import { t } from "../messages";

export function ComparisonPage() {
  return <Page title={t.progress.title}>{null}</Page>;
}
