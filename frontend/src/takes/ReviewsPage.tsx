import { Page } from "../kit/Page";
import { t } from "../messages";

export function ReviewsPage() {
  return <Page title={t.viewer.title}>{null}</Page>;
}
