import { Button, Code, CopyButton, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { t } from "../messages";

/** Recovery codes, shown this once. */
export function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  const text = codes.join("\n");
  const [href, setHref] = useState<string>();
  useEffect(() => {
    const url = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" }));
    setHref(url);
    return () => URL.revokeObjectURL(url);
  }, [text]);
  return (
    <Stack>
      <Text size="sm">{t.session.recoveryText}</Text>
      <SimpleGrid cols={2} spacing="xs" aria-label={t.session.recoveryTitle}>
        {codes.map((code) => (
          <Code key={code} fz="md">
            {code}
          </Code>
        ))}
      </SimpleGrid>
      <Group>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button variant="default" size="xs" onClick={copy}>
              {copied ? t.session.copied : t.session.copy}
            </Button>
          )}
        </CopyButton>
        <Button
          variant="default"
          size="xs"
          component="a"
          href={href}
          download="sfpfr-recovery-codes.txt"
        >
          {t.session.download}
        </Button>
      </Group>
      <Button onClick={onKept}>{t.session.kept}</Button>
    </Stack>
  );
}
