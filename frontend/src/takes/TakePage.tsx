// A take: its videos, its moving face, its measures, and what quality control says of it.

import { Alert, Badge, Button, Group, NativeSelect, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { api, query, type Schemas } from "../api/client";
import { formatInstant } from "../kit/formats";
import { notify } from "../kit/notify";
import { Page } from "../kit/Page";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { t } from "../messages/all";
import { useMay } from "../session/session";
import { Downloads } from "./Downloads";
import { QualityOfTake } from "./Quality";
import { TakeJobs } from "./TakeJobs";
import { TakeWorkspace } from "./TakeWorkspace";
import { VerdictBadge } from "./Verdict";

type Take = Schemas["TakeRead"];

export function TakePage() {
  const { takeId = "" } = useParams({ strict: false });
  const search = useSearch({ strict: false }) as { analysis?: string; at?: number };
  const may = useMay();
  const seesTakes = may("visit:read");
  const take = query.useQuery(
    "get",
    "/api/v1/takes/{take_id}",
    { params: { path: { take_id: takeId } } },
    { enabled: seesTakes },
  );
  const versions = query.useQuery("get", "/api/v1/takes/{take_id}/analyses", {
    params: { path: { take_id: takeId }, query: { limit: 200 } },
  });
  const briefs = versions.data?.items ?? [];
  const newest = briefs.find((one) => one.latest) ?? briefs[0];
  const chosen = briefs.find((one) => one.id === search.analysis) ?? newest;
  const analysis = query.useQuery(
    "get",
    "/api/v1/analyses/{analysis_id}",
    { params: { path: { analysis_id: chosen?.id ?? "" } } },
    { enabled: chosen !== undefined },
  );

  const failed = [take, versions, analysis].find((one) => one.error);
  if (failed?.error) {
    return (
      <Page title={t.viewer.title}>
        <ProblemNotice error={failed.error} onRetry={() => failed.refetch()} />
      </Page>
    );
  }
  if (versions.isPending || (seesTakes && take.isPending)) return <Loading />;
  const movement = take.data?.movement ?? chosen?.movement ?? "";
  const number = take.data?.number ?? chosen?.take_number ?? 0;
  const name = take.data?.title || (t.clinical.movements[movement] ?? movement);
  return (
    <Page
      title={t.viewer.takeTitle(name, number)}
      subtitle={
        <Group gap={8} component="span">
          {chosen && <span>{`${chosen.pseudonym} · ${t.viewer.day(chosen.day)}`}</span>}
          {chosen && <VerdictBadge verdict={chosen.verdict} />}
          {chosen && <Badge variant="default">{t.viewer.states[chosen.state]}</Badge>}
        </Group>
      }
      back={
        take.data
          ? {
              to: "/visits/$visitId",
              params: { visitId: take.data.visit_id },
              label: t.viewer.toVisit,
            }
          : undefined
      }
      actions={
        <>
          {chosen && briefs.length > 1 && <Versions briefs={briefs} chosen={chosen} />}
          {analysis.data && <Downloads analysis={analysis.data} />}
        </>
      }
    >
      <TakeNotices take={take.data ?? null} outdated={chosen !== newest} />
      {take.data && (
        <TakeJobs
          take={take.data}
          onDone={() => {
            versions.refetch();
            take.refetch();
          }}
        />
      )}
      {analysis.data ? (
        <TakeWorkspace
          key={analysis.data.id}
          take={take.data ?? null}
          analysis={analysis.data}
          startAtS={search.at}
          onRerun={() => versions.refetch()}
        />
      ) : chosen ? (
        <Loading />
      ) : (
        <NotAnalysed take={take.data ?? null} />
      )}
    </Page>
  );
}

function Versions({
  briefs,
  chosen,
}: {
  briefs: Schemas["AnalysisBrief"][];
  chosen: Schemas["AnalysisBrief"];
}) {
  const navigate = useNavigate();
  return (
    <NativeSelect
      size="xs"
      aria-label={t.viewer.version}
      value={chosen.id}
      onChange={(event) =>
        navigate({
          to: "/takes/$takeId",
          params: { takeId: chosen.take_id },
          search: { analysis: event.currentTarget.value },
          replace: true,
        })
      }
      data={briefs.map((one) => ({
        value: one.id,
        label: `${t.viewer.versionName(one.version, one.latest)}${
          one.published_at ? ` · ${formatInstant(one.published_at)}` : ""
        }`,
      }))}
    />
  );
}

/** What somebody has to know before they read the numbers. */
function TakeNotices({ take, outdated }: { take: Take | null; outdated: boolean }) {
  const notices: ReactNode[] = [];
  if (take?.voided_at) notices.push(t.viewer.voidTake(take.void_reason ?? ""));
  if (take?.excluded_at) notices.push(t.viewer.excludedTake(take.exclusion_reason ?? ""));
  if (take?.replaced_by_id) notices.push(t.viewer.replacedTake);
  if (outdated) notices.push(t.viewer.olderVersion);
  if (notices.length === 0) return null;
  return (
    <Alert color="yellow" variant="light" p="xs">
      {notices.map((notice) => (
        <Text key={String(notice)} size="sm">
          {notice}
        </Text>
      ))}
    </Alert>
  );
}

function NotAnalysed({ take }: { take: Take | null }) {
  const may = useMay();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  if (!take) return <Empty title={t.viewer.noAnalysis} />;
  if (!take.recording_id) {
    return (
      <Empty
        title={t.viewer.noRecording}
        text={t.viewer.noRecordingText}
        action={
          may("visit:write") && (
            <Button
              onClick={() =>
                navigate({ to: "/visits/$visitId/capture", params: { visitId: take.visit_id } })
              }
            >
              {t.viewer.toCapture}
            </Button>
          )
        }
      />
    );
  }
  const start = async () => {
    setBusy(true);
    setError(null);
    try {
      await api.POST("/api/v1/takes/{take_id}/analyses", {
        params: { path: { take_id: take.id } },
      });
      await client.invalidateQueries({ queryKey: ["get", "/api/v1/jobs"] });
      notify(t.viewer.analysisStarted, "analysis-started");
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Empty
        title={take.measured_as ? t.viewer.noAnalysis : t.viewer.notMeasured}
        text={take.measured_as ? t.viewer.noAnalysisText : t.viewer.notMeasuredText}
        action={
          take.measured_as &&
          may("analysis:start") && (
            <Button onClick={start} loading={busy}>
              {t.viewer.analyse}
            </Button>
          )
        }
      />
      {error !== null && <ProblemNotice error={error} onRetry={start} />}
      <QualityOfTake take={take} />
    </>
  );
}
