// What was corrected on a take, by whom, and what became of it.

import { Stack, Text, Title } from "@mantine/core";
import { query } from "../api/client";
import { formatInstant } from "../kit/formats";
import { ProblemNotice } from "../kit/Problem";
import { t } from "../messages/all";
import { type Corrections, countPoints } from "./corrections";
import { useNames } from "./names";

/** What corrections change, in a few words. */
export function inWords(corrections: Corrections): string {
  return t.review.what(
    corrections.excluded_frames?.length ?? 0,
    (corrections.rest_frames?.length ?? 0) > 0,
    countPoints(corrections),
  );
}

export function History({ takeId }: { takeId: string }) {
  const nameOf = useNames();
  const { data, error } = query.useQuery("get", "/api/v1/takes/{take_id}/reviews", {
    params: { path: { take_id: takeId }, query: { limit: 50 } },
  });
  if (error) return <ProblemNotice error={error} />;
  const reviews = data?.items ?? [];
  return (
    <Stack gap={6}>
      <Title order={3} size="h6">
        {t.review.history}
      </Title>
      {reviews.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.review.noHistory}
        </Text>
      )}
      {reviews.map((review) => (
        <div key={review.id}>
          <Text size="sm">
            {inWords(review.corrections)} · {t.review.states[review.state]}
          </Text>
          <Text size="xs" c="dimmed">
            {t.review.by(nameOf(review.created_by_id), formatInstant(review.created_at))}
            {review.note ? ` · ${review.note}` : ""}
            {review.decision_note ? ` · ${review.decision_note}` : ""}
          </Text>
        </div>
      ))}
    </Stack>
  );
}
