/** The quality of tables for the API and the command line, answered by the inspector that the kind uses, too. */
import { join } from 'node:path'
import type { QualityCheckView, QualityIssueView, QualityPort, QualityReportView } from '../api/quality-port.ts'
import { type Clock, isoOf } from '../clock.ts'
import { severities } from '../engine/drift.ts'
import { OperationalError } from '../errors.ts'
import {
  type CheckResult,
  isIssue,
  messageOf,
  type QualityState,
  qualitySpecOf,
  severityOf,
  waiversFile,
  waiversKey,
  waiversTable,
} from '../kinds/quality/index.ts'
import type { Random } from '../random.ts'
import { leadWriterOf } from './lead-access.ts'
import type { Workspace } from './workspace.ts'

interface QualityPorts {
  readonly clock: Clock
  readonly random: Random
}

export function createQualityPort(workspace: Workspace, { clock, random }: QualityPorts): QualityPort {
  const { generations, quality } = workspace
  const specOf = (table: string) => {
    const spec = qualitySpecOf(generations.inForce().state, table)
    if (spec === undefined) throw new OperationalError('NOT_FOUND', `nothing is declared of the quality of ${table}`)
    return spec
  }
  return {
    tables() {
      const { state } = generations.inForce()
      return Object.keys(state.tables).filter((table) => qualitySpecOf(state, table) !== undefined)
    },
    async report(table) {
      const found = await quality.inspect(table, specOf(table))
      switch (found.is) {
        case 'inspected':
          return reportOf(table, found.state)
        case 'absent':
          throw new OperationalError('NOT_FOUND', `the table ${table} is not there yet`, {
            hint: 'It is created when the plan is carried out; look at `trueup plan`.',
          })
        case 'unaddressable':
          throw new OperationalError('USAGE', found.reason)
      }
    },
    async leads(table, keys) {
      const rows = await quality.rows(table, specOf(table), keys)
      return new Map(
        [...rows].map(([key, { score, fields, issues, waived }]) => [
          key,
          {
            score,
            fields,
            waived: waived.map((waiver) => ({ ...waiver, holds: true })),
            issues: issues.map(({ id, field, severity, reason }) => ({ check: id, field, severity, reason })),
          },
        ]),
      )
    },
    waivers: async (table) => quality.waivers(table, specOf(table)),
    async waiverAction(id) {
      const path = join(workspace.ownFolder, waiversFile)
      const { steps } = await workspace.changeSets.trail({ path, table: waiversTable, key: id })
      return steps.find(({ changes }) => changes.some(({ is }) => is === 'insert'))?.actionId
    },
    async waive(table, key, checks, { actor, reason }) {
      const at = isoOf(clock.nowMs())
      const prepared = await quality.prepareWaiver(table, specOf(table), { key, checks, by: actor, at, reason })
      if (prepared.is === 'not-found') return prepared
      if (prepared.is === 'nothing-to-waive')
        return { is: 'invalid', problems: [{ path: ['checks'], message: `${prepared.check} ${prepared.problem}` }] }
      if (prepared.changes.length === 0) return { is: 'waived', key, checks, actionId: undefined }
      const outcome = await leadWriterOf(workspace, random).submit({
        ...{ table, key, actor, reason },
        verb: 'waive-check',
        summary: `Say that one record of ${table} is right as it is: ${checks.join(', ')}`,
        target: { path: prepared.path, table: waiversTable, keyColumn: waiversKey },
        changes: prepared.changes,
        preview: [],
      })
      switch (outcome.is) {
        case 'applied':
          return { is: 'waived', key, checks, actionId: outcome.actionId }
        case 'changed-since':
          return { is: 'conflict', currentVersion: '' }
        default:
          return outcome
      }
    },
    suggestions: async (table, query) => quality.suggestions(table, specOf(table), query),
    suggestionsFor: async (table, keys) => quality.suggestionsFor(table, specOf(table), keys),
    async trend(table, sinceMs, limit) {
      const points = await quality.trend(table, sinceMs, limit)
      return points.map(({ failing, ...point }) => ({
        ...point,
        failing: Object.entries(failing).map(([check, count]) => ({ check, count })),
      }))
    },
  }
}

function reportOf(table: string, state: QualityState): QualityReportView {
  const { rows, score, fields, checks } = state
  const views = new Map(checks.map((check) => [check, checkView(check, rows)]))
  const view = (check: CheckResult): QualityCheckView => views.get(check) ?? checkView(check, rows)
  return {
    table,
    rows,
    score,
    fields: fields.map(({ field, score: own }) => ({
      field,
      score: own,
      checks: checks.filter((check) => check.field === field).map(view),
    })),
    issues: issuesOf(table, state),
    checks: checks.map(view),
  }
}

function checkView({ id, field, title, failing, waived, target }: CheckResult, rows: number): QualityCheckView {
  const percent = rows === 0 ? 100 : Math.round((1 - failing / rows) * 1000) / 10
  return { id, field, title, failing, waived, percent, target }
}

function issuesOf(table: string, { rows, checks, table: findings }: QualityState): readonly QualityIssueView[] {
  const issues = [
    ...checks
      .filter((check) => isIssue(check, rows))
      .map(
        (check): QualityIssueView => ({
          id: check.id,
          field: check.field,
          severity: severityOf(check, rows),
          message: messageOf(check, rows),
          affected: { count: check.failing, sample: check.sample },
          suggestion: check.remedy,
          mendedBy: check.mendedBy === null ? null : { kind: check.mendedBy, name: table },
        }),
      ),
    ...findings.map(
      ({ id, severity, message, affected, remedy }): QualityIssueView => ({
        ...{ id, severity, message, affected },
        field: null,
        suggestion: remedy,
        mendedBy: null,
      }),
    ),
  ]
  const rank = ({ severity }: QualityIssueView) => severities.indexOf(severity)
  return issues.sort((one, other) => rank(other) - rank(one) || other.affected.count - one.affected.count)
}
