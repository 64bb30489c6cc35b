import { Page } from "../kit/Page";
import { t } from "../messages";

export function TrendsPage() {
  return <Page title={t.progress.title}>{null}</Page>;
}
