using System.Text;
using System.Text.Json;

namespace XCron.Daemon.Api;

/// <summary>Reads a body that says which task is meant, and at most one time beside.</summary>
internal static class TaskKeyBody
{
    private const int TaskIdField = 0;
    private const int NameField = 1;
    private const int TimeField = 2;

    public static readonly FieldTable Fields = new("", [.. TaskKey.Fields]);

    public static readonly FieldTable TimedFields = new(
        "",
        [
            .. TaskKey.Fields,
            new("scheduled_time", FieldType.Text, CreateFields.Task.Expected(CreateFields.StartAt))
            {
                Doc = "The past time that the run makes up for; by default now.",
            },
        ]);

    /// <summary>What is wrong with the request, or null.</summary>
    public static ApiError? Read(RequestBody body, QueryString query, out TaskKey key) =>
        Read(body, query, Fields, out key, out _);

    /// <inheritdoc cref="Read(RequestBody, QueryString, out TaskKey)"/>
    /// <param name="body">The body.</param>
    /// <param name="query">Must be empty.</param>
    /// <param name="key">Which task.</param>
    /// <param name="scheduledMs">The field scheduled_time; 0 where it is not given.</param>
    public static ApiError? ReadTimed(RequestBody body, QueryString query, out TaskKey key, out long scheduledMs) =>
        Read(body, query, TimedFields, out key, out scheduledMs);

    private static ApiError? Read(
        RequestBody body, QueryString query, FieldTable table, out TaskKey key, out long scheduledMs)
    {
        (key, scheduledMs) = (default, 0);
        if ((body.Error ?? QueryParameters.ReadNone(query)) is { } error)
            return error;
        try
        {
            var json = new StrictJson(body.Json.Span);
            return ReadFields(ref json, table, out var id, out var name, out scheduledMs)
                ? TaskKey.Read(id, name, out key)
                : json.Error;
        }
        catch (JsonException exception)
        {
            return StrictJson.NotJson(exception);
        }
    }

    private static bool ReadFields(
        ref StrictJson json, FieldTable table, out string? id, out string? name, out long scheduledMs)
    {
        (id, name, scheduledMs) = (null, null, 0);
        if (!json.OpenDocument())
            return false;
        uint seen = 0;
        int field;
        while ((field = json.NextField(table, ref seen)) != StrictJson.End)
        {
            if (!json.Text(table, field, out var utf8))
                return false;
            var text = Encoding.UTF8.GetString(utf8);
            switch (field)
            {
                case TaskIdField:
                    id = text;
                    break;
                case NameField:
                    name = text;
                    break;
                case TimeField when !UnixTime.TryParse(text, out scheduledMs) || scheduledMs == 0:
                    return json.Refuse(table, field);
                default:
                    break;
            }
        }

        return json.CloseDocument();
    }
}
