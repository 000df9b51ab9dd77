import { errors, Serializer } from '@elastic/elasticsearch';
import { parseJson, stringifyJson } from '../../util/lossless-json.ts';

/** The client's serializer would round whole numbers above 2^53 in what it reads. */
export class LosslessSerializer extends Serializer {
  override serialize(object: unknown): string {
    return stringifyJson(object);
  }

  // The base class promises the caller whatever type it asks for.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the signature of the base class
  override deserialize<T = unknown>(json: string): T {
    try {
      return parseJson(json) as T;
    } catch (error) {
      throw new errors.DeserializationError(error instanceof Error ? error.message : String(error), json);
    }
  }
}
