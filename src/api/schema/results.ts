/** Refusals as types: each is a member of the result unions it can occur in, and a `UserError`. */
import type { Builder } from './builder.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'

/** Whether a value of a result union is the one with this tag. */
export function hasTag(value: unknown, tag: string): boolean {
  return typeof value === 'object' && value !== null && 'is' in value && value.is === tag
}

export interface NotFoundResult {
  readonly is: 'not-found'
  readonly message: string
}

export interface FieldErrorShape {
  readonly path: readonly string[]
  readonly message: string
}

export type Results = ReturnType<typeof addResults>

/** Adds the refusals that several nouns share. */
export function addResults(builder: Builder) {
  const UserError = builder.interfaceRef<{ message: string }>('UserError').implement({
    description: 'A refusal that a person can understand. `code` is stable.',
    fields: (t) => ({ message: t.exposeString('message'), code: t.string({ resolve: () => 'REFUSED' }) }),
  })

  const Forbidden = builder.objectType(ForbiddenError, {
    name: 'Forbidden',
    description: 'The role of the token does not allow it.',
    interfaces: [UserError],
    fields: (t) => ({ code: t.string({ resolve: () => 'FORBIDDEN' }) }),
  })

  const FieldError = builder.objectRef<FieldErrorShape>('FieldError').implement({
    description: 'What is wrong with one given value.',
    fields: (t) => ({
      path: t.field({ type: ['String'], resolve: (error) => [...error.path] }),
      field: t.string({ nullable: true, resolve: (error) => error.path.at(-1) ?? null }),
      message: t.exposeString('message'),
    }),
  })

  const InputInvalid = builder.objectType(InputInvalidError, {
    name: 'InputInvalid',
    description: 'Given values are not valid; nothing was done.',
    interfaces: [UserError],
    fields: (t) => ({
      code: t.string({ resolve: () => 'BAD_USER_INPUT' }),
      fieldErrors: t.field({ type: [FieldError], resolve: (error) => [...error.problems] }),
    }),
  })

  const NotFound = builder.objectRef<NotFoundResult>('NotFound').implement({
    description: 'There is nothing under that name or id.',
    interfaces: [UserError],
    isTypeOf: (value) => hasTag(value, 'not-found'),
    fields: (t) => ({ code: t.string({ resolve: () => 'NOT_FOUND' }) }),
  })

  return { UserError, Forbidden, InputInvalid, NotFound, FieldError }
}
