// The React frame of a face viewer: mounts the controller, says what is wrong, keeps failures in.

import { Alert, Box, Button, Text } from "@mantine/core";
import {
  Component,
  type ReactNode,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { ProblemNotice } from "../kit/Problem";
import { Loading } from "../kit/States";
import { t } from "../messages/all";
import type { FaceData } from "./data";
import classes from "./FaceView.module.css";
import { Legend } from "./Legend";
import type { Player } from "./player";
import { NoWebGLError } from "./scene";
import type { ViewerSettings } from "./settings";
import { FaceViewer } from "./viewer";

interface Props {
  data: FaceData;
  player: Player;
  /** Of the first picture; later changes go through `viewer.set`. */
  settings?: Partial<ViewerSettings>;
  label?: string;
  /** The controller when it stands, null when it goes. */
  onViewer?: (viewer: FaceViewer | null) => void;
  /** Drawn over the picture, such as a reading. */
  children?: ReactNode;
}

/** A moving face with its legend; fills the box that it is in. */
export function FaceView(props: Props) {
  const [attempt, setAttempt] = useState(0);
  return (
    <Boundary key={attempt} onRetry={() => setAttempt((n) => n + 1)}>
      <Inner key={`${props.data.analysisId}-${attempt}`} {...props} />
    </Boundary>
  );
}

function Inner({ data, player, settings, label, onViewer, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const first = useRef(settings);
  const told = useRef(onViewer);
  told.current = onViewer;
  const [viewer, setViewer] = useState<FaceViewer | null>(null);
  const [missing, setMissing] = useState(false);

  useEffect(() => {
    if (!box.current) return;
    let made: FaceViewer;
    try {
      made = new FaceViewer(box.current, data, player, first.current);
    } catch (error) {
      if (!(error instanceof NoWebGLError)) throw error;
      setMissing(true);
      return;
    }
    setViewer(made);
    told.current?.(made);
    return () => {
      // The next one begins where this one was left.
      first.current = made.snapshot().settings;
      setViewer(null);
      told.current?.(null);
      made.dispose();
    };
  }, [data, player]);

  return (
    <Box className={classes.frame}>
      <Box className={classes.stage}>
        <Box
          ref={box}
          className={classes.canvas}
          role="img"
          aria-label={label ?? t.viewer.face}
          data-testid="face"
        />
        {missing && <NoWebGL />}
        {viewer && <Overlay viewer={viewer} />}
        {children}
      </Box>
      {viewer && <LegendOf viewer={viewer} />}
    </Box>
  );
}

function LegendOf({ viewer }: { viewer: FaceViewer }) {
  const { settings } = useSyncExternalStore(viewer.subscribe, viewer.snapshot);
  return (
    <Legend
      layer={settings.layer}
      scale={viewer.scale}
      ghostOf={settings.ghost ? settings.healthySide : null}
    />
  );
}

function Overlay({ viewer }: { viewer: FaceViewer }) {
  const { status, error } = useSyncExternalStore(viewer.subscribe, viewer.snapshot);
  if (status === "ready") return null;
  return (
    <Box className={classes.over}>
      {status === "loading" && <Loading label={t.viewer.loadingFace} />}
      {status === "failed" && <ProblemNotice error={error} onRetry={() => viewer.retry()} />}
      {status === "lost" && (
        <Alert color="orange" title={t.viewer.contextLost}>
          <Text size="sm">{t.viewer.contextLostNext}</Text>
        </Alert>
      )}
    </Box>
  );
}

/** Said where the browser shows no 3D; numbers and videos are there all the same. */
function NoWebGL() {
  return (
    <Box className={classes.over}>
      <Alert color="orange" title={t.viewer.noWebGL}>
        <Text size="sm">{t.viewer.noWebGLNext}</Text>
      </Alert>
    </Box>
  );
}

class Boundary extends Component<
  { children: ReactNode; onRetry: () => void },
  { failed: boolean }
> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Alert role="alert" color="orange" title={t.viewer.broken}>
        <Text size="sm">{t.viewer.brokenNext}</Text>
        <Button mt="xs" size="xs" variant="default" onClick={this.props.onRetry}>
          {t.app.retry}
        </Button>
      </Alert>
    );
  }
}
