import { Alert, Checkbox, List, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconAlertTriangle } from "../kit/icons";
import { t } from "../messages";
import { useMay } from "../session/session";
import type { Resemblance } from "./duplicates";

/** The records that look like the same person: open one, or say that it is somebody else. */
export function DuplicateNotice({
  found,
  label,
  although,
  onAlthough,
}: {
  found: Resemblance;
  label: string;
  although: boolean;
  onAlthough: (although: boolean) => void;
}) {
  const may = useMay();
  return (
    <Alert
      role="alert"
      color="orange"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title={t.patients.create.similarTitle}
    >
      <Stack gap="sm">
        {found.duplicates.length > 0 && (
          <List size="sm">
            {found.duplicates.map((one) => (
              <List.Item key={one.id}>
                <Link to="/patients/$patientId" params={{ patientId: one.id }}>
                  {t.patients.create.openFound(one.pseudonym)}
                </Link>
                {` – ${one.same === "mrn" ? t.patients.create.sameMrn : t.patients.create.sameName}`}
              </List.Item>
            ))}
          </List>
        )}
        {found.elsewhere && (
          <Text size="sm">
            {t.patients.create.elsewhere}{" "}
            {may("patient:break_glass") && (
              <Link to="/patients/emergency">{t.patients.emergency.title}</Link>
            )}
          </Text>
        )}
        <Checkbox
          label={label}
          checked={although}
          onChange={(event) => onAlthough(event.currentTarget.checked)}
        />
      </Stack>
    </Alert>
  );
}
