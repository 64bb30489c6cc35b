import { Group, Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";
import styles from "./patients.module.css";

/** A named part of a page with what can be done there. */
export function Section({
  title,
  action,
  children,
}: {
  title: string;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section>
      <Group justify="space-between" mih={30} mb={4} className={styles.sectionHead}>
        <Title order={2} size="h4">
          {title}
        </Title>
        {action}
      </Group>
      <Stack gap="xs">{children}</Stack>
    </section>
  );
}

/** Names beside what they name. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
