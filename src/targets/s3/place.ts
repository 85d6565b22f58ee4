/** Where objects lie: a bucket of a store that speaks S3, and what its addresses look like. Pure. */
import { z } from 'zod'

export const s3PlaceSchema = z.strictObject({
  /** Scheme, host and port of the store, without a path. */
  endpoint: z.string(),
  region: z.string(),
  bucket: z.string(),
  /** What all keys begin with, without slashes at its ends; empty for none. */
  prefix: z.string(),
  /** `https://host/bucket/key` rather than `https://bucket.host/key`. */
  pathStyle: z.boolean(),
})
export type S3Place = Readonly<z.output<typeof s3PlaceSchema>>

/** Undefined for what is no such place. */
export function parseS3(text: string): Pick<S3Place, 'bucket' | 'prefix'> | undefined {
  const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(\S*))?$/.exec(text) ?? []
  return bucket === undefined ? undefined : { bucket, prefix: prefix.replace(/^\/+|\/+$/g, '') }
}

/** The key of an object with the prefix of the place. */
export function fullKey({ prefix }: Pick<S3Place, 'prefix'>, key: string): string {
  return prefix === '' ? key : `${prefix}/${key}`
}

/** Address of an object, or of the bucket itself for an empty key. */
export function urlOf(place: S3Place, key: string, query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(place.endpoint)
  const path = key === '' ? [] : fullKey(place, key).split('/')
  if (!place.pathStyle) url.hostname = `${place.bucket}.${url.hostname}`
  url.pathname = `/${[...(place.pathStyle ? [place.bucket] : []), ...path].map(encoded).join('/')}`
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url
}

function encoded(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}
