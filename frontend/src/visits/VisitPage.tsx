import { Page } from "../kit/Page";
import { t } from "../messages";

export function VisitPage() {
  return <Page title={t.visits.title}>{null}</Page>;
}
