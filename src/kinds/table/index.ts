/**
 * The kind `table`: one resource per `tables` entry, kept true to its declared fields, keys and indexes. Everything here
 * joins the parts; what each keeps true stands in its module.
 */
import type { Clock } from '../../clock.ts'
import type { Kind } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { figure } from '../../metrics/catalogue.ts'
import type { Random } from '../../random.ts'
import type { Offload } from '../../targets/process/ports.ts'
import type { ChangeSets, Databases } from '../../targets/sqlite/ports.ts'
import { applyTable, probeTable } from './apply.ts'
import { checkpointTable } from './checkpoint.ts'
import { differencesOf } from './differences.ts'
import type { Look } from './drafts.ts'
import { describeTable, tableHealth } from './health.ts'
import { type Baselines, changesOf, observeTable } from './observe.ts'
import { planTable } from './plan.ts'
import { noAnswers } from './scan.ts'
import { listTables, type TableDeclaration } from './spec.ts'
import type { TableState } from './state.ts'
import { planTableUndo } from './undo.ts'

export interface TableKindPorts {
  readonly databases: Databases
  readonly changeSets: ChangeSets
  readonly offload: Offload
  readonly random: Random
  readonly clock: Clock
  /** Folder of the workspace, absolute: relative database paths start there. */
  readonly workspace: string
}

/** Makes the kind. */
export function tableKind(ports: TableKindPorts): Kind<TableDeclaration, TableState> {
  const baselines: Baselines = new Map()
  return {
    name: 'table',
    category: 'database',
    list: (desired) => listTables(desired, ports.workspace),
    observe: (resource, _scope, context) => observeTable({ ...ports, baselines }, resource, context.signal),
    diff(resource, observation) {
      const look = lookOf(resource, observation)
      return look === undefined ? [] : differencesOf(look).map(({ draft }) => draft)
    },
    plan(resource, observation, drift) {
      const look = lookOf(resource, observation)
      if (look === undefined || resource.observeOnly) return []
      return planTable(
        look,
        drift.map(({ path }) => path),
      )
    },
    checkpoint: (action, context) => checkpointTable(ports, action, context.signal),
    apply: (action, context) => applyTable(ports, action, context),
    probe: (action) => probeTable(ports, action),
    planUndo: (action, context) => planTableUndo(ports, action, context.signal),
    changes: (resource, cursor) => changesOf({ ...ports, baselines }, resource, cursor),
    watch: (resource, notify) => ports.databases.watch(resource.spec.path, notify),
    health: (resource, observation, drift) => tableHealth(resource.spec, observation, drift),
    figures: ({ key }, observation) =>
      observation.is === 'present' && observation.state.table !== undefined
        ? figure('table_rows', observation.state.answers.rows, { table: key.name })
        : [],
    describe: describeTable,
  }
}

const nothingThere: TableState = {
  objects: [],
  table: undefined,
  isView: false,
  referencedBy: [],
  answers: noAnswers,
  schemaVersion: 0,
}

/** What diff and plan compare; undefined for what could not be read, from which nothing follows. */
function lookOf(resource: Declared<TableDeclaration>, observation: Observation<TableState>): Look | undefined {
  switch (observation.is) {
    case 'unreadable':
      return undefined
    case 'absent':
      return { spec: resource.spec, state: nothingThere }
    case 'present':
      return { spec: resource.spec, state: observation.state }
  }
}
