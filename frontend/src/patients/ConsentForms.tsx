import { FileInput, Modal, Progress, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../api/client";
import { today } from "../kit/formats";
import { notify } from "../kit/notify";
import { t } from "../messages";
import { useAction, useRefresh } from "./answers";
import { FormFoot } from "./FormFoot";
import { filled } from "./fields";
import { SCAN_TYPES, sendScan } from "./scan";
import type { Paper, Purpose } from "./standing";

const words = t.patients.consents;

/** A consent as it stands on the signed paper, with its scan if there is one. */
export function RecordDialog({
  patientId,
  purpose,
  onClose,
}: {
  patientId: string;
  purpose: Purpose;
  onClose: () => void;
}) {
  const refresh = useRefresh();
  const [signedOn, setSignedOn] = useState(today());
  const [signatory, setSignatory] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [sent, setSent] = useState<number | null>(null);
  const record = useAction(async () => {
    // The scan goes first: a refused file is told before anything is recorded.
    const attachment_upload_id = file ? await sendScan(file, patientId, setSent) : null;
    await api.POST("/api/v1/patients/{patient_id}/consents", {
      params: { path: { patient_id: patientId } },
      body: { purpose, signed_on: signedOn, signatory: filled(signatory), attachment_upload_id },
    });
    await refresh();
    notify(words.recorded);
    onClose();
  });
  const trouble = !signedOn
    ? t.patients.act.dayNeeded
    : signedOn > today()
      ? words.future
      : undefined;
  return (
    <Modal opened onClose={onClose} title={words.recordFor(words.purposes[purpose] ?? "")}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!trouble) record.go();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{words.covers[purpose]}</Text>
          <TextInput
            type="date"
            label={words.signedOn}
            required
            data-autofocus
            max={today()}
            value={signedOn}
            error={trouble}
            onChange={(event) => setSignedOn(event.currentTarget.value)}
          />
          <TextInput
            label={words.signatory}
            description={words.signatoryHint}
            autoComplete="off"
            maxLength={200}
            value={signatory}
            onChange={(event) => setSignatory(event.currentTarget.value)}
          />
          <ScanField file={file} onFile={setFile} sent={record.busy && file ? sent : null} />
          <FormFoot
            error={record.error}
            busy={record.busy}
            action={words.record}
            disabled={Boolean(trouble)}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}

/** The scan of a paper that was recorded without one. */
export function AttachDialog({ paper, onClose }: { paper: Paper; onClose: () => void }) {
  const refresh = useRefresh();
  const [file, setFile] = useState<File | null>(null);
  const [sent, setSent] = useState<number | null>(null);
  const attach = useAction(async () => {
    if (!file) return;
    const upload_id = await sendScan(file, paper.patient_id, setSent);
    await api.PUT("/api/v1/consents/{consent_id}/attachment", {
      params: { path: { consent_id: paper.id } },
      body: { upload_id },
    });
    await refresh();
    notify(words.scanAdded);
    onClose();
  });
  return (
    <Modal opened onClose={onClose} title={words.addScan}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          attach.go();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{words.scanOnce}</Text>
          <ScanField file={file} onFile={setFile} sent={attach.busy ? sent : null} />
          <FormFoot
            error={attach.error}
            busy={attach.busy}
            action={words.addScan}
            disabled={!file}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}

function ScanField({
  file,
  onFile,
  sent,
}: {
  file: File | null;
  onFile: (file: File | null) => void;
  /** The share that was sent, null while nothing is. */
  sent: number | null;
}) {
  const percent = Math.round((sent ?? 0) * 100);
  return (
    <>
      <FileInput
        label={words.scan}
        description={words.scanHint}
        accept={SCAN_TYPES}
        clearable
        value={file}
        onChange={onFile}
      />
      {sent !== null && (
        <div role="status">
          <Text size="xs">{percent < 100 ? words.sending(percent) : words.checking}</Text>
          <Progress value={percent} size="sm" aria-label={words.sending(percent)} />
        </div>
      )}
    </>
  );
}
