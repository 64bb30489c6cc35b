import { Page } from "../kit/Page";
import { t } from "../messages";

export function WelcomePage() {
  return <Page title={t.session.title}>{null}</Page>;
}
