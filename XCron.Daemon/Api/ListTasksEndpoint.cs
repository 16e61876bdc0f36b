using System.Globalization;
using System.Text;
using System.Text.Json;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>GET /xcron/listTasks: page by page in the order of ids.</summary>
internal sealed class ListTasksEndpoint(ApiServices services) : IApiEndpoint
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 1000;

    private const int State = 0;
    private const int Type = 1;
    private const int TagIs = 2;
    private const int NamePrefix = 3;
    private const int UrlPrefix = 4;
    private const int Limit = 5;
    private const int Cursor = 6;
    private const int Consistency = 7;

    public static readonly FieldTable Parameters = new(
        "",
        [
            new("state", FieldType.Text, $"one of {string.Join(", ", TaskAnswer.States)}"),
            new("type", FieldType.Integer, CreateFields.Task.Expected(CreateFields.Type)),
            new("tag", FieldType.Text, "a tag's name and value such as team:payments")
            {
                IsRepeated = true,
                Doc = "Given several times: tasks that have all of them.",
            },
            new("name_prefix", FieldType.Text, CreateFields.Task.Expected(CreateFields.Name)),
            new("url_prefix", FieldType.Text, "the beginning of callback.url, as it was given"),
            new("limit", FieldType.Integer, $"an integer, 1 to {MaxLimit} (default {DefaultLimit})")
            {
                Doc = "A page may have fewer tasks and still be followed by others: go by next_cursor.",
            },
            new("cursor", FieldType.Text, "the data.next_cursor of the page before"),
            ReadConsistency.Parameter,
        ]);

    private readonly TaskAnswer _answer = new(services);

    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        TaskFilter? filter = null;
        TaskId after = default;
        var limit = DefaultLimit;
        var error = QueryParameters.Read(context.Request.QueryString, Parameters, out var values)
            ?? ReadFilter(values, out filter)
            ?? ReadPlace(values, out after, out limit)
            ?? await ReadConsistency.AwaitAsync(services, values[Consistency], context.RequestAborted);
        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DataAsync(context, requestId, TaskPage.Read(services.Tasks, filter!, after, limit), Write));
    }

    private static ApiError? ReadFilter(QueryValues values, out TaskFilter? filter)
    {
        filter = null;
        if (values[State] is { } state && !TaskAnswer.States.Contains(state))
            return QueryParameters.Refuse(Parameters, State, state);
        if (values[Type] is { } type and not ("1" or "2"))
            return QueryParameters.Refuse(Parameters, Type, type) with { Code = ApiCode.BadType };
        if (values[NamePrefix] is { } prefix && !TaskFieldsReader.IsName(Encoding.UTF8.GetBytes(prefix)))
            return QueryParameters.Refuse(Parameters, NamePrefix, prefix);
        var tags = new List<TextPair>();
        foreach (var tag in values.All(TagIs).Distinct(StringComparer.Ordinal))
        {
            // A tag's name has no colon; its value may.
            var colon = tag.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1)
                return QueryParameters.Refuse(Parameters, TagIs, tag);
            tags.Add(new TextPair(Encoding.UTF8.GetBytes(tag[..colon]), Encoding.UTF8.GetBytes(tag[(colon + 1)..])));
        }

        filter = new TaskFilter
        {
            State = values[State],
            Type = values[Type] switch { null => null, "1" => TaskType.Periodic, _ => TaskType.OneShot },
            NamePrefix = values[NamePrefix] is { } name ? Encoding.UTF8.GetBytes(name) : null,
            UrlPrefix = values[UrlPrefix] is { } url ? Encoding.UTF8.GetBytes(url) : null,
            Tags = tags,
        };
        return null;
    }

    private static ApiError? ReadPlace(QueryValues values, out TaskId after, out int limit)
    {
        after = default;
        limit = DefaultLimit;
        if (values[Limit] is { } text &&
            !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) &&
                limit is >= 1 and <= MaxLimit))
        {
            return QueryParameters.Refuse(Parameters, Limit, text);
        }

        return values[Cursor] is not { } cursor || TaskCursor.TryRead(cursor, out after)
            ? null
            : QueryParameters.Refuse(Parameters, Cursor, cursor);
    }

    private void Write(Utf8JsonWriter json, TaskPage page)
    {
        json.WriteStartObject();
        json.WriteStartArray("tasks"u8);
        foreach (var task in page.Tasks)
            _answer.Write(json, task);
        json.WriteEndArray();
        if (page.Next is { } last)
            json.WriteString("next_cursor"u8, TaskCursor.Write(last));
        else
            json.WriteNull("next_cursor"u8);
        json.WriteEndObject();
    }
}
