import { Page } from "../kit/Page";
import { t } from "../messages";

export function AccountPage() {
  return <Page title={t.account.title}>{null}</Page>;
}
