import { describe, expect, it } from 'vitest'
import { definitionOf, metricNames } from '../../src/metrics/catalogue.ts'
import { tableRowsBelow, textOf } from './files.ts'

describe('docs/metrics.md', () => {
  it('names every figure as the catalogue does', () => {
    const wanted = metricNames.map((name) => {
      const { type, unit, labels, isKept, help } = definitionOf(name)
      return [`\`${name}\``, type, unit, labels.map((label) => `\`${label}\``).join(', '), isKept ? 'kept' : '', help]
    })
    expect(tableRowsBelow(textOf('docs/metrics.md'), '## Names')).toEqual(wanted)
  })
})
