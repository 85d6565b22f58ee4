/** Cells that point elsewhere: linked records, attachments, collaborators. */
import { z } from 'zod'
import type { JsonValue } from '../../../json.ts'
import { listValue } from '../../formula/value.ts'
import { refusals } from '../../http/refusal.ts'
import type { CellKind, CellWriting } from './cell-kind.ts'

const ids = (stored: JsonValue) => z.array(z.string()).parse(stored)

const linksSchema = z.array(z.union([z.string(), z.object({ id: z.string() }).transform((link) => link.id)]))

/** Kept as record ids. */
export const linksCell: CellKind = {
  accept: (value, writing) => {
    const parsed = linksSchema.safeParse(typeof value === 'string' && writing.typecast ? value.split(',') : value)
    if (!parsed.success) throw refusals.invalidValue(writing.field.name)
    const linked = [...new Set(parsed.data.map((link) => writing.linkedRecord(link.trim())))]
    return linked.length === 0 ? undefined : linked
  },
  json: (stored) => stored,
  v2: (stored, { recordName }) => ids(stored).map((id) => ({ id, name: recordName(id) })),
  text: (stored, { recordName }) => ids(stored).map(recordName).join(', '),
  value: (stored, { recordName }) => listValue(ids(stored).map(recordName)),
}

const attachmentSchema = z.looseObject({ id: z.string(), url: z.string(), filename: z.string() })
const attachmentInSchema = z.array(
  z.union([z.object({ url: z.url(), filename: z.string().optional() }), z.object({ id: z.string() })]),
)

/** Nothing is downloaded: the address is kept, and size, type and thumbnails are left out [?]. */
export const attachmentsCell: CellKind = {
  accept: (value, writing) => {
    const parsed = attachmentInSchema.safeParse(value)
    if (!parsed.success) throw refusals.invalidValue(writing.field.name)
    const kept = z.array(attachmentSchema).safeParse(writing.previous)
    const attachments = parsed.data.map((given): JsonValue => {
      if ('url' in given) {
        return { id: writing.mint('att'), url: given.url, filename: given.filename ?? fileNameOf(given.url) }
      }
      const old = kept.success ? kept.data.find((attachment) => attachment.id === given.id) : undefined
      if (old === undefined) throw refusals.invalidValue(writing.field.name)
      return { id: old.id, url: old.url, filename: old.filename }
    })
    return attachments.length === 0 ? undefined : attachments
  },
  json: (stored) => stored,
  text: (stored) =>
    z
      .array(attachmentSchema)
      .parse(stored)
      .map(({ filename, url }) => `${filename} (${url})`)
      .join(', '),
  value: (stored) =>
    listValue(
      z
        .array(attachmentSchema)
        .parse(stored)
        .map(({ filename }) => filename),
    ),
}

function fileNameOf(url: string): string {
  return new URL(url).pathname.split('/').at(-1) || 'attachment'
}

const userSchema = z.object({ id: z.string(), email: z.string(), name: z.string() })
const userInSchema = z.union([
  z.object({ id: z.string() }).transform((user) => user.id),
  z.object({ email: z.string() }).transform((user) => user.email),
])

function userIn(value: JsonValue, writing: CellWriting): JsonValue {
  const parsed = userInSchema.safeParse(typeof value === 'string' && writing.typecast ? { email: value } : value)
  const user = parsed.success ? writing.user(parsed.data) : undefined
  if (user === undefined) throw refusals.invalidValue(writing.field.name)
  return user
}

export const collaboratorCell: CellKind = {
  accept: userIn,
  json: (stored) => stored,
  text: (stored) => userSchema.parse(stored).name,
  value: (stored) => userSchema.parse(stored).name,
}

export const collaboratorsCell: CellKind = {
  accept: (value, writing) => {
    if (!Array.isArray(value)) throw refusals.invalidValue(writing.field.name)
    const users = value.map((user: JsonValue) => userIn(user, writing))
    return users.length === 0 ? undefined : users
  },
  json: (stored) => stored,
  text: (stored) =>
    z
      .array(userSchema)
      .parse(stored)
      .map(({ name }) => name)
      .join(', '),
  value: (stored) =>
    listValue(
      z
        .array(userSchema)
        .parse(stored)
        .map(({ name }) => name),
    ),
}
