import { useNetwork } from "@mantine/hooks";
import { t } from "../messages";
import { noticeText } from "./served";

/** The strip that says what this is for; it can't be put away. Says, too, when the network is gone. */
export function Notice() {
  const { online } = useNetwork();
  return (
    <div className="notice-strip" role="note">
      {online ? noticeText : t.app.offline}
    </div>
  );
}
