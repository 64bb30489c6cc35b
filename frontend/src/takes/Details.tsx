// What made an analysis: model, versions, scale, cameras, hashes.

import { Stack, Table, Text } from "@mantine/core";
import { type ReactNode, useSyncExternalStore } from "react";
import { formatBytes, formatInstant, formatNumber } from "../kit/formats";
import { t } from "../messages/all";
import type { FaceViewer } from "../viewer";
import type { Analysis } from "./timeline";

/** Half of a 95 % interval from 1 SD. */
const HALF_95 = 1.959964;

export function Details({ analysis, viewer }: { analysis: Analysis; viewer: FaceViewer | null }) {
  const { summary, provenance } = analysis;
  const rows: [string, ReactNode][] = [
    [t.viewer.model, provenance.name],
    [t.viewer.modelVersion, provenance.version],
    [t.viewer.code, provenance.code_version],
    [t.viewer.publishedAt, analysis.published_at ? formatInstant(analysis.published_at) : ""],
    [
      t.viewer.frames,
      t.viewer.framesText(analysis.frames, analysis.fps ? formatNumber(analysis.fps, 0) : "–"),
    ],
    [
      t.viewer.scale,
      <>
        {t.viewer.scaleSources[summary.scale.source] ?? summary.scale.source}
        <Text span size="xs" c="dimmed">
          {` ${t.viewer.scaleText(formatNumber(100 * HALF_95 * summary.scale.relative_sigma))}`}
        </Text>
      </>,
    ],
    [t.viewer.calibrated, summary.calibrated ? t.viewer.isCalibrated : t.viewer.notCalibrated],
    [
      t.viewer.affectedSide,
      summary.affected_side
        ? (t.clinical.sides[summary.affected_side] ?? summary.affected_side)
        : t.app.undetermined,
    ],
    [t.viewer.referenceView, t.clinical.views[summary.reference_view]],
    ...Object.entries(summary.views).map(([view, one]): [string, ReactNode] => [
      `${t.viewer.synchronisation}, ${t.clinical.views[view]}`,
      t.viewer.offsetMs(formatNumber(1000 * one.sync_offset_s, 0)),
    ]),
    ...Object.entries(summary.reprojection_share).map(([view, share]): [string, ReactNode] => [
      `${t.viewer.reprojection}, ${t.clinical.views[view]}`,
      share === null ? t.app.undetermined : `${formatNumber(100 * share)} %`,
    ]),
    [t.viewer.meshHash, <Hash key="topology" text={analysis.topology_id} />],
    ...Object.entries(analysis.inputs).map(([view, hash]): [string, ReactNode] => [
      `${t.viewer.inputs}, ${t.clinical.views[view]}`,
      <Hash key={view} text={hash} />,
    ]),
    ...Object.entries(provenance.weights).map(([name, hash]): [string, ReactNode] => [
      `${t.viewer.weights}, ${name.replaceAll("_", " ")}`,
      <Hash key={name} text={hash} />,
    ]),
  ];
  return (
    <Stack gap="xs">
      <Table verticalSpacing={3} fz="xs" className="numbers">
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th fw={500} c="dimmed" w="46%">
                {name}
              </Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {viewer && <ThisView viewer={viewer} />}
    </Stack>
  );
}

/** How fast and how large the view is on this machine: for whoever has to say why it is slow. */
function ThisView({ viewer }: { viewer: FaceViewer }) {
  const { firstFrameMs } = useSyncExternalStore(viewer.subscribe, viewer.snapshot);
  const bytes = viewer.data.residentBytes;
  return (
    <Text size="xs" c="dimmed" data-first-frame-ms={firstFrameMs?.toFixed(0)} data-resident={bytes}>
      {[
        firstFrameMs !== null && t.viewer.firstFrameTime(formatNumber(firstFrameMs, 0)),
        t.viewer.resident(formatBytes(bytes)),
      ]
        .filter(Boolean)
        .join(" · ")}
    </Text>
  );
}

function Hash({ text }: { text: string }) {
  return (
    <Text span size="xs" ff="monospace" title={text}>
      {text.slice(0, 12)}
    </Text>
  );
}
