import {
  type IndexesOptions,
  Model,
  type ModelAttributes,
  type ModelStatic,
  type Sequelize,
} from "sequelize";
import { defineModels, type Models } from "../dist/models/index.js";

type AnyModel = ModelStatic<Model>;

/** Facts of an attribute that a model is defined by; the others Sequelize adds. */
const FACTS = [
  "type",
  "columnType",
  "allowNull",
  "primaryKey",
  "autoIncrement",
  "unique",
  "defaultValue",
  "references",
  "onDelete",
  "field",
];

/** How one model differs: attributes that are new or other (undefined: gone), and all of its indexes. */
export interface ModelChange {
  readonly attributes?: Readonly<Record<string, ModelAttributes[string] | undefined>>;
  readonly indexes?: (before: readonly IndexesOptions[]) => IndexesOptions[];
}

function changed(
  model: AnyModel,
  { attributes = {}, indexes = (before) => [...before] }: ModelChange,
): AnyModel {
  const before = Object.entries(model.getAttributes()).map(([name, attribute]) => [
    name,
    Object.fromEntries(Object.entries(attribute).filter(([fact]) => FACTS.includes(fact))),
  ]);
  const all = Object.entries({ ...Object.fromEntries(before), ...attributes } as ModelAttributes);
  return class extends Model {}.init(
    Object.fromEntries(all.filter(([, attribute]) => attribute !== undefined)),
    {
      sequelize: model.sequelize as Sequelize,
      tableName: model.tableName,
      indexes: indexes(model.options.indexes ?? []),
    },
  );
}

/** A copy of the program's models with changes by name; null leaves a model out, and further ones are added. */
export function changedModels(
  sequelize: Sequelize,
  changes: Readonly<Partial<Record<keyof Models, ModelChange | null>>>,
  added: readonly AnyModel[] = [],
): AnyModel[] {
  const models = Object.entries(defineModels(sequelize)) as unknown as [keyof Models, AnyModel][];
  return [
    ...models.flatMap(([name, model]) => {
      const change = changes[name];
      if (change === undefined) return [model];
      return change === null ? [] : [changed(model, change)];
    }),
    ...added,
  ];
}
