import { Page } from "../kit/Page";
import { t } from "../messages";

export function PatientsPage() {
  return <Page title={t.patients.title}>{null}</Page>;
}
