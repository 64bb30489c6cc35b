// The chart of a trend on the page; its numbers stand in a table beside it.

import { Box, useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import type { Trend } from "./trendLines";
import { TrendPlot } from "./trendPlot";

export function TrendChart({
  trends,
  chosen = 0,
  height,
  label,
  plain = false,
}: {
  trends: readonly Trend[];
  chosen?: number;
  height: number;
  label: string;
  plain?: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  useEffect(() => {
    if (!box.current || trends.length === 0) return;
    const plot = new TrendPlot(box.current, { trends, chosen, height, scheme, plain });
    return () => plot.dispose();
  }, [trends, chosen, height, plain, scheme]);
  return <Box ref={box} role="img" aria-label={label} mih={height} data-testid="trend-chart" />;
}
