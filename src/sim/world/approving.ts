import { OperationalError } from '../../errors.ts'
import type { Book } from './book.ts'
import type { Controller } from './controller.ts'
import type { World } from './world.ts'

/**
 * Asks the controller for an approval and notes it in the book before: a process that dies in the call may have taken it.
 * What was answered with anything else than that it is approved, or refused by the record, was not given.
 */
export function approveAs(
  person: string,
  actionId: string,
  { world, book }: { readonly world: World; readonly book: Book },
  { port }: Controller,
): ReturnType<Controller['port']['approve']> {
  const approval = { actionId, person, atMs: world.clock.nowMs() }
  const takeBack = () => book.approvals.splice(book.approvals.indexOf(approval), 1)
  book.approvals.push(approval)
  book.approving = approval
  try {
    const outcome = port.approve({ planId: undefined, actionIds: [actionId], approver: person, comment: undefined })
    if ('is' in outcome && outcome.is !== 'approved') takeBack()
    return outcome
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'JOURNAL_UNWRITABLE') takeBack()
    throw error
  } finally {
    book.approving = undefined
  }
}
