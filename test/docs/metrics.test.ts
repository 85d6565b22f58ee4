import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { usualRules } from '../../src/alerts/rules.ts'
import { alertMetricNames, alertMetrics } from '../../src/desired/alert-metrics.ts'
import { definitionOf, isMetricName, metricNames } from '../../src/metrics/catalogue.ts'
import { tableRowsBelow, textOf } from './files.ts'

const dashboardSchema = z.object({
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })) }),
  ),
})
const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          annotations: z.object({ summary: z.string(), next: z.string() }),
        }),
      ),
    }),
  ),
})

/** Names in an expression that are not those of Trueup. */
function unknownNames(expression: string): readonly string[] {
  const names = [...expression.matchAll(/\btrueup_([a-z_]+)/g)].map(([, name = '']) => name)
  return names.length === 0 ? ['none'] : names.filter((name) => !isMetricName(name))
}

describe('docs/metrics.md', () => {
  it('names every figure as the catalogue does', () => {
    const wanted = metricNames.map((name) => {
      const { type, unit, labels, isKept, help } = definitionOf(name)
      return [`\`${name}\``, type, unit, labels.map((label) => `\`${label}\``).join(', '), isKept ? 'kept' : '', help]
    })
    expect(tableRowsBelow(textOf('docs/metrics.md'), '## Names')).toEqual(wanted)
  })
})

describe('docs/alerts.md', () => {
  it('names every metric that a rule can compare', () => {
    const wanted = alertMetricNames.map((name) => [`\`${name}\``, alertMetrics[name].unit, alertMetrics[name].help])
    expect(tableRowsBelow(textOf('docs/alerts.md'), '## What rules compare')).toEqual(wanted)
  })

  it('lists the usual rules', () => {
    const rows = tableRowsBelow(textOf('docs/alerts.md'), '## The usual rules')
    expect(rows).toEqual(
      usualRules.map(({ when, forMs, severity }) => [
        `\`${when}\``,
        forMs === 0 ? '' : `${forMs / 60_000} min`,
        severity,
      ]),
    )
  })
})

describe('deploy', () => {
  it('has a dashboard for Grafana that asks for figures which there are, by labels which they have', () => {
    const { panels } = dashboardSchema.parse(JSON.parse(textOf('deploy/grafana/dashboard.json')))
    expect(panels.length).toBeGreaterThan(10)
    for (const { expr, legendFormat } of panels.flatMap(({ targets }) => targets)) {
      expect(unknownNames(expr)).toEqual([])
      const names = [...expr.matchAll(/\btrueup_([a-z_]+)/g)].flatMap(([, name = '']) =>
        isMetricName(name) ? [name] : [],
      )
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        expect(names.flatMap((name) => definitionOf(name).labels)).toContain(label)
    }
  })

  it('has rules for Prometheus over figures which there are, each with a next step', () => {
    const { groups } = rulesSchema.parse(parse(textOf('deploy/prometheus/alerts.yaml')))
    const rules = groups.flatMap((group) => group.rules)
    expect(rules.length).toBeGreaterThan(10)
    for (const { alert, expr } of rules) expect(alert === 'TrueupDown' ? [] : unknownNames(expr)).toEqual([])
  })
})
