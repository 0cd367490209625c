/** A value of a document and where it stands, so that a fault can say its place. */
export class Place {
  readonly value: unknown;
  /** A JSON pointer. */
  readonly pointer: string;

  constructor(value: unknown, pointer = "") {
    this.value = value;
    this.pointer = pointer;
  }

  /** The place to which these names lead. Where nothing is, its value is undefined. */
  at(...names: (string | number)[]): Place {
    let here: Place = this;
    for (const name of names) {
      const inside = here.value as { [name: string]: unknown } | null | undefined;
      here = new Place(inside?.[name], here.pointer + "/" + escape(String(name)));
    }
    return here;
  }

  /** The elements of a list; of anything else none. */
  items(): Place[] {
    return Array.isArray(this.value) ? this.value.map((_, i) => this.at(i)) : [];
  }
}

const escape = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
