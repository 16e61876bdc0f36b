using System.Buffers;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Api;

/// <summary>Reads the JSON of a new task: each field's own type and range, not yet their sense together.</summary>
internal static class TaskFieldsReader
{
    private const int MaxNameBytes = 128;
    private const int MaxAttempts = 100;
    private const long MinTimeoutMs = 100;
    private const long MaxTimeoutMs = 1_800_000;
    private const long MinBackoffMs = 100;
    private const long MaxBackoffMs = 86_400_000;

    private static readonly ApiError NoPause = ApiError.BadRequest(
        "paused is given, and an update does not pause; must be left out (pauseTask and resumeTask do it)");

    private static readonly SearchValues<byte> NameBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-"u8);

    /// <summary>Reads the object the reader has just entered; false where its <c>Error</c> says why not.</summary>
    public static bool Read(ref StrictJson json, ref TaskFields fields)
    {
        var table = fields.IsUpdate ? CreateFields.Update : CreateFields.Task;
        int field;
        while ((field = json.NextField(table, ref fields.SeenTask)) != StrictJson.End)
        {
            if (fields.IsUpdate && field == CreateFields.Paused)
                return json.Fail(NoPause);
            if (fields.IsUpdate && json.IsNull)
            {
                if (!FieldReset.OfTask(field, ref fields))
                    return json.Refuse(table, field);
                continue;
            }

            var isRead = field switch
            {
                CreateFields.Type => ReadType(ref json, ref fields),
                CreateFields.Format => json.Text(CreateFields.Task, field, out fields.Format),
                CreateFields.Callback => ReadCallback(ref json, ref fields),
                CreateFields.Name => ReadName(ref json, ref fields),
                CreateFields.Timezone => json.Text(CreateFields.Task, field, out fields.Timezone),
                CreateFields.Retry => ReadRetry(ref json, ref fields),
                CreateFields.Misfire => ReadMisfire(ref json, ref fields),
                CreateFields.Tags => TaskTags.Read(ref json, ref fields),
                _ => TaskOptionsReader.Read(ref json, field, ref fields),
            };
            if (!isRead)
                return false;
        }

        return json.Error is null;
    }

    /// <summary>Whether a task may be called so.</summary>
    public static bool IsName(ReadOnlySpan<byte> name) =>
        name.Length is >= 1 and <= MaxNameBytes && !name.ContainsAnyExcept(NameBytes);

    private static bool ReadType(ref StrictJson json, ref TaskFields fields)
    {
        if (!json.IsNumber)
            return json.Refuse(CreateFields.Task, CreateFields.Type);
        switch (json.RawToken())
        {
            case [(byte)'1']:
                fields.Type = TaskType.Periodic;
                return true;
            case [(byte)'2']:
                fields.Type = TaskType.OneShot;
                return true;
            default:
                return json.Fail(new ApiError(
                    ApiCode.BadType,
                    $"type is {json.ShownValue()}; must be {CreateFields.Task.Expected(CreateFields.Type)}"));
        }
    }

    private static bool ReadName(ref StrictJson json, ref TaskFields fields)
    {
        if (!json.Text(CreateFields.Task, CreateFields.Name, out fields.Name))
            return false;
        return IsName(fields.Name) || json.Refuse(CreateFields.Task, CreateFields.Name);
    }

    private static bool ReadMisfire(ref StrictJson json, ref TaskFields fields)
    {
        if (!json.Text(CreateFields.Task, CreateFields.Misfire, out var misfire))
            return false;
        if (misfire.SequenceEqual("fire_once"u8))
            fields.Misfire = Misfire.FireOnce;
        else if (misfire.SequenceEqual("skip"u8))
            fields.Misfire = Misfire.Skip;
        else if (misfire.SequenceEqual("fire_all"u8))
            fields.Misfire = Misfire.FireAll;
        else
            return json.Refuse(CreateFields.Task, CreateFields.Misfire);
        return true;
    }

    private static bool ReadCallback(ref StrictJson json, ref TaskFields fields)
    {
        if (!json.Object(CreateFields.Task, CreateFields.Callback))
            return false;
        int field;
        while ((field = json.NextField(CreateFields.InCallback, ref fields.SeenCallback)) != StrictJson.End)
        {
            if (fields.IsUpdate && json.IsNull)
            {
                if (!FieldReset.OfCallback(field, ref fields))
                    return json.Refuse(CreateFields.InCallback, field);
                continue;
            }

            var isRead = field switch
            {
                CreateFields.Url => json.Text(CreateFields.InCallback, field, out fields.Url),
                CreateFields.Body => json.RawObject(CreateFields.InCallback, field, out fields.Body),
                CreateFields.Method => ReadMethod(ref json, ref fields),
                CreateFields.Headers => CallbackHeaders.Read(ref json, ref fields),
                _ => json.Seconds(CreateFields.InCallback, field, MinTimeoutMs, MaxTimeoutMs, out fields.TimeoutMs),
            };
            if (!isRead)
                return false;
        }

        return json.Error is null;
    }

    private static bool ReadMethod(ref StrictJson json, ref TaskFields fields)
    {
        if (!json.Text(CreateFields.InCallback, CreateFields.Method, out var method))
            return false;
        fields.Method = method.SequenceEqual("POST"u8) ? default : method;
        if (fields.Method.IsEmpty && method.Length > 0)
            return true;
        return method.SequenceEqual("PUT"u8) || method.SequenceEqual("PATCH"u8) || method.SequenceEqual("DELETE"u8) ||
            method.SequenceEqual("GET"u8) || json.Refuse(CreateFields.InCallback, CreateFields.Method);
    }

    private static bool ReadRetry(ref StrictJson json, ref TaskFields fields)
    {
        if (!json.Object(CreateFields.Task, CreateFields.Retry))
            return false;
        var table = CreateFields.InRetry;
        int field;
        while ((field = json.NextField(table, ref fields.SeenRetry)) != StrictJson.End)
        {
            if (fields.IsUpdate && json.IsNull)
            {
                FieldReset.OfRetry(field, ref fields);
                continue;
            }

            var isRead = field switch
            {
                CreateFields.MaxAttempts => json.Integer(table, field, 1, MaxAttempts, out fields.MaxAttempts),
                CreateFields.MinBackoff =>
                    json.Seconds(table, field, MinBackoffMs, MaxBackoffMs, out fields.MinBackoffMs),
                _ => json.Seconds(table, field, MinBackoffMs, MaxBackoffMs, out fields.MaxBackoffMs),
            };
            if (!isRead)
                return false;
        }

        return json.Error is null;
    }
}
