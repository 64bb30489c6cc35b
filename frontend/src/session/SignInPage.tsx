import { Page } from "../kit/Page";
import { t } from "../messages";

export function SignInPage() {
  return <Page title={t.session.title}>{null}</Page>;
}
