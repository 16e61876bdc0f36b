using System.Globalization;
using System.Text.Json;
using XCron.Daemon.Schedules;

namespace XCron.Daemon.Api;

/// <summary>GET /xcron/previewSchedule: when an expression will fire, and what it says in words.</summary>
internal sealed class PreviewScheduleEndpoint(ApiServices services) : IApiEndpoint
{
    private const int DefaultCount = 10;
    private const int MaxCount = 100;

    private const int Format = 0;
    private const int Timezone = 1;
    private const int Count = 2;
    private const int After = 3;

    public static readonly FieldTable Parameters = new(
        "",
        [
            new("format", FieldType.Text, "a crontab expression") { IsRequired = true },
            new("timezone", FieldType.Text, CreateFields.Task.Expected(CreateFields.Timezone))
            {
                Doc = "By default the node's default_timezone.",
            },
            new("count", FieldType.Integer, $"an integer, 1 to {MaxCount} (default {DefaultCount})"),
            new("after", FieldType.Text, "unix seconds such as 1581823751 or 1581823751.042")
            {
                Doc = "Where to start; by default now.",
            },
        ]);

    public string Method => HttpMethods.Get;

    public async ValueTask HandleAsync(HttpContext context, Guid requestId)
    {
        var error = Read(context.Request.QueryString, out var preview);
        await (error is not null
            ? Answer.ErrorAsync(context, requestId, error)
            : Answer.DataAsync(context, requestId, preview!, Write));
    }

    private ApiError? Read(QueryString query, out Preview? preview)
    {
        preview = null;
        if (QueryParameters.Read(query, Parameters, out var values) is { } error)
            return error;
        if (!TryReadCount(values[Count], out var count))
            return QueryParameters.Refuse(Parameters, Count, values[Count]!);
        var afterMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (values[After] is { } after && !UnixTime.TryParse(after, out afterMs))
            return QueryParameters.Refuse(Parameters, After, after);
        var parse = ScheduleParser.Parse(values[Format]!, values[Timezone] ?? services.DefaultTimezone, afterMs);
        if (parse is not ScheduleParse.Parsed parsed)
            return TaskIntake.Refusal(parse);
        if (values[Timezone] is { } given && given != parsed.Timezone)
            return TaskIntake.TwoZones(given, parsed.Timezone);
        preview = new Preview(parsed.Schedule, parsed.Timezone, count, afterMs);
        return null;
    }

    private static bool TryReadCount(string? text, out int count)
    {
        count = DefaultCount;
        if (text is null)
            return true;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) &&
            count is >= 1 and <= MaxCount;
    }

    private static void Write(Utf8JsonWriter json, Preview preview)
    {
        var times = Times(preview);
        json.WriteStartObject();
        json.WriteStartArray("times"u8);
        foreach (var timeMs in times)
            json.WriteStringValue(UnixTime.Format(timeMs));
        json.WriteEndArray();
        json.WriteStartArray("local_times"u8);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(preview.Timezone);
        foreach (var timeMs in times)
            json.WriteStringValue(LocalTime(timeMs, zone));
        json.WriteEndArray();
        json.WriteString("timezone"u8, preview.Timezone);
        json.WriteString("description"u8, preview.Schedule.Describe());
        json.WriteEndObject();
    }

    private static List<long> Times(Preview preview)
    {
        var times = new List<long>(preview.Count);
        var lastMs = preview.AfterMs;
        while (times.Count < preview.Count)
        {
            var nextMs = preview.Schedule.NextAfter(lastMs);
            if (nextMs <= lastMs)
                break;
            times.Add(nextMs);
            lastMs = nextMs;
        }

        return times;
    }

    /// <summary>The zone's own clock with its offset, as RFC 3339 has it.</summary>
    private static string LocalTime(long unixMs, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(unixMs), zone);
        return local.ToString(
            unixMs % 1000 == 0 ? "yyyy-MM-dd'T'HH:mm:sszzz" : "yyyy-MM-dd'T'HH:mm:ss.fffzzz",
            CultureInfo.InvariantCulture);
    }

    private sealed record Preview(ISchedule Schedule, string Timezone, int Count, long AfterMs);
}
