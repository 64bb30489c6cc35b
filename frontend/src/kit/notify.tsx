// Short messages that go away by themselves; loaded with the first page of a signed-in person.

import { type ComponentType, lazy, type ReactNode, Suspense } from "react";

const Container = lazy<ComponentType>(async () => {
  await import("@mantine/notifications/styles.css");
  const { Notifications } = await import("@mantine/notifications");
  return { default: () => <Notifications position="bottom-right" /> };
});

/** Where the messages appear. */
export function Messages() {
  return (
    <Suspense fallback={null}>
      <Container />
    </Suspense>
  );
}

/** Say that something was done; `again` takes the place of an earlier message of that name. */
export async function notify(message: ReactNode, again?: string): Promise<void> {
  const { notifications } = await import("@mantine/notifications");
  if (again) notifications.hide(again);
  notifications.show({ id: again, message, withBorder: true });
}
