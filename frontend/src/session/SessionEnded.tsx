import { Modal } from "@mantine/core";
import { useEffect, useState } from "react";
import { onSessionEnd } from "../api/client";
import { t } from "../messages";

/** Asks to sign in again over the page, so that nothing typed there is lost. */
export function SessionEnded() {
  const [ended, setEnded] = useState(false);
  useEffect(() => onSessionEnd(() => setEnded(true)), []);
  return (
    <Modal opened={ended} onClose={() => {}} withCloseButton={false} title={t.session.title}>
      {t.session.title}
    </Modal>
  );
}
