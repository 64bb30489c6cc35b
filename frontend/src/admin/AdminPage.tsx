import { Page } from "../kit/Page";
import { t } from "../messages";

export function AdminPage() {
  return <Page title={t.admin.title}>{null}</Page>;
}
