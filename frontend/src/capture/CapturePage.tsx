import { Page } from "../kit/Page";
import { t } from "../messages";

export function CapturePage() {
  return <Page title={t.capture.title}>{null}</Page>;
}
