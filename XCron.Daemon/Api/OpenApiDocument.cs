using System.Text.Json;

namespace XCron.Daemon.Api;

/// <summary>
/// The API as an OpenAPI 3.1 document, written from the tables that route, guard and read the calls.
/// </summary>
internal static class OpenApiDocument
{
    private const string Json = "application/json";
    private const string JsonLines = "application/x-ndjson";

    private static readonly string[] SecuritySchemes = ["bearer", "apiKey"];

    public static byte[] Write(IEnumerable<(ApiCall Call, string Method)> calls, string version)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("openapi"u8, "3.1.0"u8);
            json.WriteStartObject("info"u8);
            json.WriteString("title"u8, "xcron"u8);
            json.WriteString("version"u8, version);
            json.WriteEndObject();
            WriteSecurity(json);
            json.WriteStartObject("paths"u8);
            foreach (var (call, method) in calls)
                WriteCall(json, call, method);
            json.WriteEndObject();
            WriteComponents(json);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>Either key, or none where the cluster asks for none.</summary>
    private static void WriteSecurity(Utf8JsonWriter json)
    {
        json.WriteStartArray("security"u8);
        json.WriteStartObject();
        json.WriteEndObject();
        foreach (var scheme in SecuritySchemes)
        {
            json.WriteStartObject();
            json.WriteStartArray(scheme);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCall(Utf8JsonWriter json, ApiCall call, string method)
    {
        json.WriteStartObject(call.Path);
        json.WriteStartObject(method.ToLowerInvariant());
        json.WriteString("operationId"u8, call.Path[(call.Path.LastIndexOf('/') + 1)..]);
        json.WriteString("summary"u8, call.Summary);
        json.WriteString("x-xcron-role"u8, ApiKeys.Name(call.Role));
        if (call.Query.Fields.Count > 0)
            WriteParameters(json, call.Query);
        if (call.Body is { } body)
            WriteBody(json, body, call.TakesLines);
        WriteResponses(json, call);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteParameters(Utf8JsonWriter json, FieldTable query)
    {
        json.WriteStartArray("parameters"u8);
        foreach (var field in query.Fields)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, field.Name);
            json.WriteString("in"u8, "query"u8);
            json.WriteBoolean("required"u8, field.IsRequired);
            json.WriteString("description"u8, OpenApiSchema.DescriptionOf(field));
            json.WritePropertyName("schema"u8);
            OpenApiSchema.WriteParameter(json, field);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteBody(Utf8JsonWriter json, FieldTable body, bool isLines)
    {
        json.WriteStartObject("requestBody"u8);
        json.WriteBoolean("required"u8, true);
        json.WriteStartObject("content"u8);
        json.WriteStartObject(isLines ? JsonLines : Json);
        json.WritePropertyName("schema"u8);
        OpenApiSchema.WriteObject(json, body);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteResponses(Utf8JsonWriter json, ApiCall call)
    {
        json.WriteStartObject("responses"u8);
        var codes = ApiCalls.CommonCodes.Concat(call.Codes).Distinct().Order();
        foreach (var ofStatus in codes.GroupBy(ApiCode.HttpStatus).OrderBy(static group => group.Key))
        {
            json.WriteStartObject($"{ofStatus.Key}");
            json.WriteString(
                "description"u8,
                string.Join("; ", ofStatus.Select(static code => $"{code}: {ApiCode.Meaning(code)}")));
            json.WriteStartArray("x-xcron-codes"u8);
            foreach (var code in ofStatus)
                json.WriteNumberValue(code);
            json.WriteEndArray();
            var isOk = ofStatus.Key == StatusCodes.Status200OK;
            var isLines = call.AnswersLines && isOk;
            var schema = isLines ? "TaskLine" : call.AnswersBare && isOk ? "Document" : "Envelope";
            WriteAnswer(json, isLines ? JsonLines : Json, schema);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, string mediaType, string schema)
    {
        json.WriteStartObject("content"u8);
        json.WriteStartObject(mediaType);
        json.WriteStartObject("schema"u8);
        json.WriteString("$ref"u8, $"#/components/schemas/{schema}");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteComponents(Utf8JsonWriter json)
    {
        json.WriteStartObject("components"u8);
        json.WriteStartObject("schemas"u8);
        json.WritePropertyName("Envelope"u8);
        OpenApiSchema.WriteObject(json, Answer.Envelope);
        json.WritePropertyName("TaskLine"u8);
        OpenApiSchema.WriteObject(json, TaskLine.Fields);
        json.WriteStartObject("Document"u8);
        json.WriteString("type"u8, "object"u8);
        json.WriteString("description"u8, "A document as OpenAPI 3.1 has it."u8);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("securitySchemes"u8);
        json.WriteStartObject(SecuritySchemes[0]);
        json.WriteString("type"u8, "http"u8);
        json.WriteString("scheme"u8, "bearer"u8);
        json.WriteEndObject();
        json.WriteStartObject(SecuritySchemes[1]);
        json.WriteString("type"u8, "apiKey"u8);
        json.WriteString("in"u8, "header"u8);
        json.WriteString("name"u8, ApiKeys.KeyHeader);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
