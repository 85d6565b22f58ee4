/** Enums whose values are fixed. Each value is the word that the rest of the program uses, in capitals. */
import type { Builder } from './builder.ts'

export type Enums = ReturnType<typeof addEnums>

export function addEnums(builder: Builder) {
  const Severity = builder.enumType('Severity', {
    description: 'How grave something is.',
    values: {
      LOW: { value: 'low' },
      MEDIUM: { value: 'medium' },
      HIGH: { value: 'high' },
      CRITICAL: { value: 'critical' },
    } as const,
  })
  const Category = builder.enumType('Category', {
    description: 'What a difference is about.',
    values: {
      DATABASE: { value: 'database' },
      AIRTABLE: { value: 'airtable' },
      SERVICE: { value: 'service' },
      DATA: { value: 'data' },
    } as const,
  })
  const Cause = builder.enumType('Cause', {
    description: 'Why there is a difference or an action.',
    values: {
      DESIRED_CHANGED: { value: 'desired-changed' },
      DRIFT: { value: 'drift' },
      UNDO: { value: 'undo' },
      REQUEST: { value: 'request' },
    } as const,
  })
  const GateDecision = builder.enumType('GateDecision', {
    description: 'From the loosest to the strictest: WAIT is what no approval can help now, REFUSE what no time can.',
    values: {
      AUTO: { value: 'auto' },
      APPROVE: { value: 'approve' },
      APPROVE_TWICE: { value: 'approve-twice' },
      WAIT: { value: 'wait' },
      REFUSE: { value: 'refuse' },
    } as const,
  })
  const Reversible = builder.enumType('Reversible', {
    description: 'How an action can be taken back.',
    values: {
      EXACT: { value: 'exact' },
      FROM_CHECKPOINT: { value: 'from-checkpoint' },
      BY_HAND: {
        value: 'by-hand',
        description: 'It adds something empty, which only a person can remove again.',
      },
      IRREVERSIBLE: { value: 'irreversible' },
    } as const,
  })
  const ResourceStatus = builder.enumType('ResourceStatus', {
    description:
      'What is true of a resource in one word: CONVERGED, DRIFTED (mends itself), WAITING (for a person or a moment), UNREADABLE, or UNKNOWN before the first look.',
    values: {
      CONVERGED: { value: 'converged' },
      DRIFTED: { value: 'drifted' },
      WAITING: { value: 'waiting' },
      UNREADABLE: { value: 'unreadable' },
      UNKNOWN: { value: 'unknown' },
    } as const,
  })
  const CheckStatus = builder.enumType('CheckStatus', {
    description: 'The outcome of a check.',
    values: {
      OK: { value: 'ok' },
      WARNING: { value: 'warning' },
      FAILED: { value: 'failed' },
      UNKNOWN: { value: 'unknown' },
    } as const,
  })
  return { Severity, Category, Cause, GateDecision, Reversible, ResourceStatus, CheckStatus }
}
