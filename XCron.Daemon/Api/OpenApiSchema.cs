using System.Diagnostics;
using System.Text.Json;

namespace XCron.Daemon.Api;

/// <summary>The JSON schemas of field tables.</summary>
internal static class OpenApiSchema
{
    /// <summary>What the field is for, and what it must be.</summary>
    public static string DescriptionOf(Field field)
    {
        var must = $"Must be {field.Expected}{(field.IsNullable ? ", or null for its default" : "")}.";
        return field.Doc.Length == 0 ? must : $"{field.Doc} {must}";
    }

    /// <summary>An object that has no other fields than the table's.</summary>
    public static void WriteObject(Utf8JsonWriter json, FieldTable table)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, TypeName(FieldType.Object));
        WriteFields(json, table);
        json.WriteEndObject();
    }

    /// <summary>A query parameter; one that may be repeated is a list.</summary>
    public static void WriteParameter(Utf8JsonWriter json, Field field)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, TypeName(field.IsRepeated ? FieldType.Array : field.Type));
        if (field.IsRepeated)
        {
            json.WriteStartObject("items"u8);
            json.WriteString("type"u8, TypeName(field.Type));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter json, FieldTable table)
    {
        json.WriteBoolean("additionalProperties"u8, false);
        if (table.Fields.Any(static field => field.IsRequired))
        {
            json.WriteStartArray("required"u8);
            foreach (var field in table.Fields.Where(static field => field.IsRequired))
                json.WriteStringValue(field.Name);
            json.WriteEndArray();
        }

        json.WriteStartObject("properties"u8);
        foreach (var field in table.Fields.Where(static field => !field.IsRefused))
        {
            json.WritePropertyName(field.Name);
            WriteField(json, field);
        }

        json.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter json, Field field)
    {
        json.WriteStartObject();
        WriteType(json, field);
        json.WriteString("description"u8, DescriptionOf(field));
        if (field.Type == FieldType.Array)
        {
            json.WritePropertyName("items"u8);
            WriteObject(json, field.Fields!());
        }
        else if (field.Fields is { } fields)
        {
            WriteFields(json, fields());
        }

        json.WriteEndObject();
    }

    private static void WriteType(Utf8JsonWriter json, Field field)
    {
        if (!field.IsNullable)
        {
            json.WriteString("type"u8, TypeName(field.Type));
            return;
        }

        json.WriteStartArray("type"u8);
        json.WriteStringValue(TypeName(field.Type));
        json.WriteStringValue("null"u8);
        json.WriteEndArray();
    }

    private static string TypeName(FieldType type) => type switch
    {
        FieldType.Text => "string",
        FieldType.Integer => "integer",
        FieldType.Number => "number",
        FieldType.Boolean => "boolean",
        FieldType.Object => "object",
        FieldType.Array => "array",
        _ => throw new UnreachableException($"No type: {type}."),
    };
}
