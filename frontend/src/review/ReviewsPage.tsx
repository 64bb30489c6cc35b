import { Button, Card, Group, Modal, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, query, type Schemas } from "../api/client";
import { formatInstant } from "../kit/formats";
import { Page } from "../kit/Page";
import { Pager } from "../kit/Pager";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { useMay, useSession } from "../session/session";
import type { Corrections } from "./corrections";
import { inWords } from "./History";
import { useNames } from "./names";

type Review = Omit<Schemas["ReviewRead"], "corrections"> & { corrections: Corrections };
type Decision = "accept" | "refuse";

const LIMIT = 25;

/** Proposals of therapists: a clinician accepts or refuses, whoever proposed can withdraw. */
export function ReviewsPage() {
  const [shown, setShown] = useState<"proposed" | "all">("proposed");
  const [offset, setOffset] = useState(0);
  const [deciding, setDeciding] = useState<{ review: Review; decision: Decision } | null>(null);
  const client = useQueryClient();
  const { data, error, isPending, refetch } = query.useQuery("get", "/api/v1/reviews", {
    params: {
      query: {
        limit: LIMIT,
        offset,
        ...(shown === "proposed" ? { state: "proposed" as const } : {}),
      },
    },
  });
  const refresh = () => client.invalidateQueries({ queryKey: ["get", "/api/v1/reviews"] });
  return (
    <Page
      title={t.review.title}
      actions={
        <SegmentedControl
          aria-label={t.review.title}
          value={shown}
          onChange={(value) => {
            setShown(value as typeof shown);
            setOffset(0);
          }}
          data={[
            { value: "proposed", label: t.review.waiting },
            { value: "all", label: t.review.all },
          ]}
        />
      }
    >
      {error ? (
        <ProblemNotice error={error} onRetry={() => refetch()} />
      ) : isPending ? (
        <Loading />
      ) : data.items.length === 0 ? (
        <Empty title={t.review.empty} text={t.review.emptyText} />
      ) : (
        <Stack gap="sm">
          {data.items.map((review) => (
            <Proposal
              key={review.id}
              review={review}
              onDecide={(decision) => setDeciding({ review, decision })}
              onChanged={refresh}
            />
          ))}
          <Pager offset={offset} limit={LIMIT} total={data.total} onOffset={setOffset} />
        </Stack>
      )}
      {deciding && (
        <DecisionDialog
          {...deciding}
          onClose={() => setDeciding(null)}
          onDone={() => {
            setDeciding(null);
            refresh();
          }}
        />
      )}
    </Page>
  );
}

function Proposal({
  review,
  onDecide,
  onChanged,
}: {
  review: Review;
  onDecide: (decision: Decision) => void;
  onChanged: () => void;
}) {
  const may = useMay();
  const session = useSession();
  const nameOf = useNames();
  const [error, setError] = useState<unknown>(null);
  const take = query.useQuery("get", "/api/v1/takes/{take_id}", {
    params: { path: { take_id: review.take_id } },
  });
  const patient = query.useQuery("get", "/api/v1/patients/{patient_id}", {
    params: { path: { patient_id: review.patient_id } },
  });
  const waiting = review.state === "proposed";
  const withdraw = async () => {
    setError(null);
    try {
      await api.POST("/api/v1/reviews/{review_id}/withdraw", {
        params: { path: { review_id: review.id } },
      });
      onChanged();
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <Card withBorder padding="sm" data-testid="proposal">
      <Group justify="space-between" align="flex-start">
        <Stack gap={2}>
          <Text fw={600} size="sm">
            {patient.data?.pseudonym} ·{" "}
            {take.data ? (t.clinical.movements[take.data.movement] ?? take.data.title) : ""}
          </Text>
          <Text size="sm">{inWords(review.corrections)}</Text>
          {review.note && <Text size="sm">{review.note}</Text>}
          <Text size="xs" c="dimmed">
            {t.review.by(nameOf(review.created_by_id), formatInstant(review.created_at))} ·{" "}
            {t.review.states[review.state]}
            {review.decision_note ? ` · ${review.decision_note}` : ""}
          </Text>
          <Link to="/takes/$takeId" params={{ takeId: review.take_id }} className="back-link">
            {t.review.openTake}
          </Link>
        </Stack>
        {waiting && (
          <Group gap="xs">
            {may("review:write") && (
              <>
                <Button size="xs" onClick={() => onDecide("accept")}>
                  {t.review.accept}
                </Button>
                <Button size="xs" variant="default" onClick={() => onDecide("refuse")}>
                  {t.review.refuse}
                </Button>
              </>
            )}
            {review.created_by_id === session.user_id && (
              <Button size="xs" variant="subtle" color="gray" onClick={withdraw}>
                {t.review.withdraw}
              </Button>
            )}
          </Group>
        )}
      </Group>
      {error !== null && <ProblemNotice error={error} />}
    </Card>
  );
}

function DecisionDialog({
  review,
  decision,
  onClose,
  onDone,
}: {
  review: Review;
  decision: Decision;
  onClose: () => void;
  onDone: () => void;
}) {
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const decide = async () => {
    setBusy(true);
    setError(null);
    try {
      await api.POST(
        decision === "accept"
          ? "/api/v1/reviews/{review_id}/accept"
          : "/api/v1/reviews/{review_id}/refuse",
        { params: { path: { review_id: review.id } }, body: { note: note.trim() || null } },
      );
      onDone();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={t.review.decide}>
      <Stack>
        <Text size="sm">{inWords(review.corrections)}</Text>
        <Textarea
          label={t.review.decisionNote}
          data-autofocus
          autosize
          minRows={2}
          maxLength={2000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        {error !== null && <ProblemNotice error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t.app.cancel}
          </Button>
          <Button onClick={decide} loading={busy}>
            {t.review[decision]}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
