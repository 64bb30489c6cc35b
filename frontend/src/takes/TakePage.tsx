import { Page } from "../kit/Page";
import { t } from "../messages";

export function TakePage() {
  return <Page title={t.viewer.title}>{null}</Page>;
}
