/** The little of S3's XML that is needed: what a listing names, and the code of a refusal. Pure. */
import { OperationalError } from '../../errors.ts'

export interface Listing {
  readonly objects: readonly { readonly key: string; readonly bytes: number }[]
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined
}

/** Throws BACKUP_TARGET_UNUSABLE for what is no listing. */
export function readListing(xml: string): Listing {
  if (!/<ListBucketResult[\s>]/.test(xml))
    throw new OperationalError('BACKUP_TARGET_UNUSABLE', 'the store answered a listing with something else', {
      hint: 'See that `backups.*.s3.endpoint` is the address of the store, without a path.',
    })
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].flatMap(([, entry = '']) => {
    const key = within('Key', entry)
    const bytes = Number(within('Size', entry))
    return key === undefined || !Number.isSafeInteger(bytes) ? [] : [{ key, bytes }]
  })
  const isMore = within('IsTruncated', xml) === 'true'
  return { objects, next: isMore ? within('NextContinuationToken', xml) : undefined }
}

/** `AccessDenied`; undefined where it says none. */
export function codeIn(xml: string): string | undefined {
  const code = within('Code', xml)
  return code !== undefined && /^[A-Za-z0-9]{1,60}$/.test(code) ? code : undefined
}

function within(element: string, xml: string): string | undefined {
  const text = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1]
  return text?.replace(/&(lt|gt|amp|quot|apos|#\d+|#x[0-9a-f]+);/gi, (_, name: string) => decoded(name))
}

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function decoded(name: string): string {
  const known = named[name.toLowerCase()]
  if (known !== undefined) return known
  const isHex = /^#x/i.test(name)
  return String.fromCodePoint(Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10))
}
