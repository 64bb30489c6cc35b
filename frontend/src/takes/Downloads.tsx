import { Button, Menu } from "@mantine/core";
import { IconDownload } from "../kit/icons";
import { t } from "../messages/all";
import { useMay } from "../session/session";
import type { Analysis } from "./timeline";

/** The frame that is on the screen, for formats that hold one; set by the workspace. */
export const shownFrame = { current: 0 };

/** Files of an analysis, as far as the reader's rights go. */
export function Downloads({ analysis }: { analysis: Analysis }) {
  const may = useMay();
  const clinical = may("export:clinical");
  const basic = may("export:basic");
  const overlays = may("face:read") ? analysis.files.filter((f) => f.role === "overlay") : [];
  if (!clinical && !basic && overlays.length === 0) return null;
  const base = `/api/v1/analyses/${analysis.id}`;
  const meshes = (format: string, frame: boolean) => () => {
    const query = frame ? `?frame=${shownFrame.current}` : "";
    window.location.assign(`${base}/meshes.${format}${query}`);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden />}
          aria-haspopup="menu"
        >
          {t.viewer.downloads}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {basic && (
          <>
            <Menu.Label>{t.viewer.numbers}</Menu.Label>
            <Menu.Item component="a" href={`${base}/measures.csv`} download>
              {t.viewer.csv}
            </Menu.Item>
          </>
        )}
        {clinical && (
          <>
            <Menu.Label>{t.viewer.moving}</Menu.Label>
            <Menu.Item onClick={meshes("glb", false)}>{t.viewer.glb}</Menu.Item>
            <Menu.Item onClick={meshes("npz", false)}>{t.viewer.npz}</Menu.Item>
            <Menu.Item onClick={meshes("obj", true)}>{t.viewer.obj}</Menu.Item>
            <Menu.Item onClick={meshes("ply", true)}>{t.viewer.ply}</Menu.Item>
          </>
        )}
        {overlays.length > 0 && <Menu.Label>{t.viewer.overlay}</Menu.Label>}
        {overlays.map((file) => (
          <Menu.Item key={file.sha256} component="a" href={file.href} download>
            {t.clinical.views[file.view ?? ""]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
