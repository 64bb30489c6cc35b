import { Page } from "../kit/Page";
import { t } from "../messages";

export function ResearchPage() {
  return <Page title={t.research.title}>{null}</Page>;
}
