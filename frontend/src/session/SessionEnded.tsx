import { Modal, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { api, onSessionEnd } from "../api/client";
import { clearDrafts } from "../kit/draft";
import { Loading } from "../kit/States";
import { t } from "../messages";
import { useSession } from "./session";

const SignInForm = lazy(() =>
  import("./SignInForm").then((module) => ({ default: module.SignInForm })),
);

/** Asks to sign in again over the page, so that nothing typed there is lost. */
export function SessionEnded() {
  const session = useSession();
  const client = useQueryClient();
  const [ended, setEnded] = useState(false);
  useEffect(() => onSessionEnd(() => setEnded(true)), []);
  const goOn = async () => {
    const { data } = await api.GET("/api/v1/session");
    if (data?.user_id !== session.user_id) {
      clearDrafts();
      window.location.assign("/");
      return;
    }
    setEnded(false);
    await client.invalidateQueries();
  };
  return (
    <Modal
      opened={ended}
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t.session.ended}
    >
      <Stack>
        <Text size="sm">{t.session.endedText}</Text>
        <Suspense fallback={<Loading />}>
          <SignInForm email={session.email} onDone={goOn} />
        </Suspense>
      </Stack>
    </Modal>
  );
}
