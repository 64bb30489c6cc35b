import { Page } from "../kit/Page";
import { t } from "../messages";

export function PatientPage() {
  return <Page title={t.patients.title}>{null}</Page>;
}
