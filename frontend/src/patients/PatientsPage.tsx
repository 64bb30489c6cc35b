import { ActionIcon, Button, Group, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { query } from "../api/client";
import { useDraft } from "../kit/draft";
import { IconPlus, IconSearch, IconX } from "../kit/icons";
import { Page } from "../kit/Page";
import { Pager } from "../kit/Pager";
import { ProblemNotice } from "../kit/Problem";
import { Empty, Loading } from "../kit/States";
import { useShortcuts } from "../kit/shortcuts";
import { t } from "../messages";
import { useMay } from "../session/session";
import { FilterBar } from "./FilterBar";
import { type Filters, narrows, PAGE, queryOf } from "./filters";
import { PatientTable } from "./PatientTable";

const route = getRouteApi("/signed-in/patients");
const NOTHING = "";

/** All patients in reach: search as you type, filters in the address, one key to open. */
export function PatientsPage() {
  const filters = route.useSearch();
  const navigate = useNavigate();
  const may = useMay();
  const search = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLTableSectionElement>(null);
  const [typed, setTyped, forget] = useDraft("patients.search", NOTHING);
  const [asked] = useDebouncedValue(typed, 200);
  const [named, setNamed] = useState(false);

  const show = (change: Filters) =>
    navigate({ to: "/patients", search: { ...filters, offset: undefined, ...change } });
  const empty = () => {
    forget();
    search.current?.focus();
  };

  useShortcuts(t.patients.list.shortcuts, [
    { keys: "/", label: t.patients.list.shortcutSearch, run: () => search.current?.focus() },
    ...(may("patient:create")
      ? [
          {
            keys: "N",
            label: t.patients.list.shortcutNew,
            run: () => {
              navigate({ to: "/patients/new" });
            },
          },
        ]
      : []),
  ]);

  const offset = filters.offset ?? 0;
  const found = query.useQuery(
    "post",
    "/api/v1/patients/search",
    { params: { query: { limit: PAGE, offset } }, body: queryOf(filters, asked) },
    { placeholderData: keepPreviousData },
  );
  const narrowed = narrows(filters, asked);

  return (
    <Page
      title={t.patients.title}
      actions={
        <>
          {may("patient:break_glass") && (
            <Button variant="default" onClick={() => navigate({ to: "/patients/emergency" })}>
              {t.patients.emergency.title}
            </Button>
          )}
          {may("patient:create") && (
            <Button
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={() => navigate({ to: "/patients/new" })}
            >
              {t.patients.new}
            </Button>
          )}
        </>
      }
    >
      <Stack gap="sm">
        <Group align="flex-end" gap="sm">
          <TextInput
            ref={search}
            type="search"
            flex="1 1 300px"
            aria-label={t.patients.list.search}
            placeholder={t.patients.list.searchPlaceholder}
            autoComplete="off"
            spellCheck={false}
            maxLength={200}
            leftSection={<IconSearch size={16} aria-hidden />}
            rightSection={
              typed && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={t.patients.list.clear}
                  onClick={empty}
                >
                  <IconX size={14} aria-hidden />
                </ActionIcon>
              )
            }
            value={typed}
            onChange={(event) => {
              setTyped(event.currentTarget.value);
              if (offset > 0) show({});
            }}
            onKeyDown={(event) => {
              const first = list.current?.querySelector<HTMLElement>("[data-open]");
              if (event.key === "ArrowDown" && first) {
                event.preventDefault();
                first.focus();
              }
              if (event.key === "Enter" && found.data?.items.length === 1) first?.click();
              if (event.key === "Escape") empty();
            }}
          />
          <FilterBar filters={filters} onChange={show} />
        </Group>
        <Group justify="space-between" mih={24}>
          <Text size="sm" c="dimmed" role="status">
            {found.data ? t.patients.list.count(found.data.total) : ""}
            {typed && ` · ${t.patients.list.searchHint}`}
          </Text>
          {may("patient:identity") && (found.data?.total ?? 0) > 0 && (
            <Switch
              title={t.patients.list.namesAudited}
              size="sm"
              label={t.patients.list.showNames}
              checked={named}
              onChange={(event) => setNamed(event.currentTarget.checked)}
            />
          )}
        </Group>
        {found.error ? (
          <ProblemNotice error={found.error} onRetry={() => found.refetch()} />
        ) : !found.data ? (
          <Loading />
        ) : found.data.total === 0 && narrowed ? (
          <Empty
            title={t.patients.list.noneTitle}
            text={t.patients.list.noneText}
            action={
              <Button
                variant="default"
                onClick={() => {
                  forget();
                  navigate({ to: "/patients", search: {} });
                }}
              >
                {t.patients.list.clearFilters}
              </Button>
            }
          />
        ) : found.data.total === 0 ? (
          <Empty
            title={t.patients.list.emptyTitle}
            text={
              may("patient:create") ? t.patients.list.emptyText : t.patients.list.emptyTextReader
            }
            action={
              may("patient:create") && (
                <Button component={Link} to="/patients/new">
                  {t.patients.new}
                </Button>
              )
            }
          />
        ) : (
          <>
            <PatientTable
              ref={list}
              patients={found.data.items}
              sort={filters.sort}
              named={named}
              stale={found.isPlaceholderData}
              onSort={(sort) => show({ sort })}
              onLeaveTop={() => search.current?.focus()}
            />
            <Pager
              offset={offset}
              limit={PAGE}
              total={found.data.total}
              onOffset={(next) => show({ offset: next || undefined })}
            />
          </>
        )}
      </Stack>
    </Page>
  );
}
