/**
 * What services for Signalbox are written against.
 *
 * @packageDocumentation
 */
import "./src/console";

export { service } from "./src/service";
export type { Definition, InputOf, OutputOf, Service } from "./src/service";
export { t } from "./src/schema";
export type {
  AnySchema, ArrayOptions, DecimalOptions, DefaultSchema, Described, Given, JsonSchema, NumberOptions, ObjectOptions,
  OptionalSchema, Properties, RecordOptions, Schema, Static, StringOptions,
} from "./src/schema";
export { ServiceError } from "./src/error";
export type {
  Connections, Ctx, HttpInfo, Log, LogFields, Reply, Services, Settings, Settled, User,
} from "./src/context";
export type {
  Health, HttpConnection, HttpOptions, HttpRequest, HttpResponse, Row, Scalar, SqlChange, SqlConnection, SqlParams,
  SqlResults, SqlRows, SqlStatement, SqlValue,
} from "./src/connection";
export { csv } from "./src/library/csv";
export type { CsvFormatOptions, CsvOptions } from "./src/library/csv";
export type { Data, Encoding } from "./src/library/data";
export { date } from "./src/library/date";
export type { DateLike, DateSpan, DateSteps, DateUnit } from "./src/library/date";
export { decimal } from "./src/library/decimal";
export type { Decimal, DecimalFormat, Rounding } from "./src/library/decimal";
export { base64, hex } from "./src/library/encoding";
export type { Base64Options } from "./src/library/encoding";
export { hash, hmac, random, uuid } from "./src/library/hash";
export type { HashAlgorithm, HmacAlgorithm } from "./src/library/hash";
export { json } from "./src/library/json";
export { template } from "./src/library/template";
export type { TemplateOptions } from "./src/library/template";
export { form, url } from "./src/library/url";
export type { FormValues, UrlParts } from "./src/library/url";
export { xml } from "./src/library/xml";
export type { XmlFormatOptions, XmlOptions } from "./src/library/xml";
