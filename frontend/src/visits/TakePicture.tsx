import { useState } from "react";
import { t } from "../messages";
import type { Recording, Take } from "./standing";
import styles from "./takes.module.css";

/** The measured face when there is one, else a picture of the recording. */
export function TakePicture({
  take,
  recording,
  visible,
}: {
  take: Take;
  recording: Recording | undefined;
  visible: boolean;
}) {
  const [failed, setFailed] = useState<string | null>(null);
  const view =
    recording?.views.find((one) => one.view === "center" && one.has_thumbnail) ??
    recording?.views.find((one) => one.has_thumbnail);
  const preview = take.analysis && `/api/v1/analyses/${take.analysis.id}/preview`;
  const thumbnail = view && `/api/v1/recordings/${recording?.id}/views/${view.view}/thumbnail`;
  const address = [thumbnail, preview].find((one) => one && one !== failed);
  if (!visible || !address) {
    return <span className={styles.noPicture}>{t.visits.takes.noPicture}</span>;
  }
  return (
    <img
      className={styles.picture}
      src={address}
      loading="lazy"
      alt={
        address === preview
          ? t.visits.takes.previewOf(take.number)
          : t.visits.takes.thumbnailOf(take.number)
      }
      onError={() => setFailed(address)}
    />
  );
}
