/** The meaning of every writable field type. */
import type { WritableType } from '../../metadata/field-types.ts'
import type { CellKind } from './cell-kind.ts'
import { dateCell, dateTimeCell } from './date-cells.ts'
import { checkboxCell, currencyCell, durationCell, numberCell, percentCell, ratingCell } from './number-cells.ts'
import { attachmentsCell, collaboratorCell, collaboratorsCell, linksCell } from './reference-cells.ts'
import { multipleSelectsCell, singleSelectCell } from './select-cells.ts'
import { barcodeCell, richTextCell, textCell } from './text-cells.ts'

export const cellKinds: Readonly<Record<WritableType, CellKind>> = {
  singleLineText: textCell,
  multilineText: textCell,
  richText: richTextCell,
  email: textCell,
  url: textCell,
  phoneNumber: textCell,
  barcode: barcodeCell,
  number: numberCell,
  percent: percentCell,
  currency: currencyCell,
  rating: ratingCell,
  duration: durationCell,
  checkbox: checkboxCell,
  singleSelect: singleSelectCell,
  multipleSelects: multipleSelectsCell,
  date: dateCell,
  dateTime: dateTimeCell,
  multipleRecordLinks: linksCell,
  multipleAttachments: attachmentsCell,
  singleCollaborator: collaboratorCell,
  multipleCollaborators: collaboratorsCell,
}
