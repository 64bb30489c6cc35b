import { Modal, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { api } from "../api/client";
import { clearDrafts } from "../kit/draft";
import { t } from "../messages";
import { SignInForm } from "./SignInForm";
import { useSession } from "./session";

/** Signing in again over the page, by the same person; somebody else begins anew. */
export function SignInAgain({ onDone }: { onDone: () => void }) {
  const session = useSession();
  const client = useQueryClient();
  const goOn = async () => {
    const { data } = await api.GET("/api/v1/session");
    if (data?.user_id !== session.user_id) {
      clearDrafts();
      window.location.assign("/");
      return;
    }
    onDone();
    await client.invalidateQueries();
  };
  return (
    <Modal
      opened
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t.session.ended}
    >
      <Stack>
        <Text size="sm">{t.session.endedText}</Text>
        <SignInForm email={session.email} onDone={goOn} />
      </Stack>
    </Modal>
  );
}
