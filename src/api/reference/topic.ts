/** A part of the GraphQL reference: root fields that belong together, each with an operation to begin from. */
import type { JsonObject } from '../../json.ts'

export interface Example {
  /** A whole operation; whatever depends on the workspace is a variable. */
  readonly operation: string
  /** Values as they look; a reader puts in what an earlier answer gave. */
  readonly variables?: JsonObject
}

export interface Topic {
  readonly title: string
  readonly about: string
  /** By coordinate, such as `Query.plan`, in the order of the page. */
  readonly examples: Readonly<Record<string, Example>>
}
