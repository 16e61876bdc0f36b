namespace XCron.Daemon.Api;

/// <summary>Reads tags: names to list tasks by.</summary>
internal static class TaskTags
{
    private const int MaxTags = 16;
    private const int MaxNameBytes = 128;
    private const int MaxValueBytes = 256;

    public static bool Read(ref StrictJson json, ref TaskFields fields)
    {
        const int Field = CreateFields.Tags;
        var table = CreateFields.Task;
        if (!json.Object(table, Field))
            return false;
        var tags = new List<TextPair>();
        while (json.NextEntry(out var name))
        {
            if (!json.IsText)
                return json.RefuseEntry(table, Field, name, $"is {json.ShownValue()}; must be a string");
            if (!json.Text(table, Field, out var value))
                return false;
            if (WhyNot(tags, name, value) is { } refusal)
                return json.RefuseEntry(table, Field, name, refusal);
            tags.Add(new TextPair(name.ToArray(), value.ToArray()));
        }

        tags.Sort(static (left, right) => left.Name.AsSpan().SequenceCompareTo(right.Name));
        fields.Tags = tags;
        return json.Error is null;
    }

    private static string? WhyNot(List<TextPair> tags, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (tags.Count == MaxTags)
            return $"is one more than the {MaxTags} allowed";

        // listTasks asks for tag=name:value.
        if (name.Length is 0 or > MaxNameBytes || name.Contains((byte)':') || HasControls(name))
            return $"a tag's name must be 1 to {MaxNameBytes} bytes without a colon";
        if (value.Length > MaxValueBytes || HasControls(value))
            return $"its value must be at most {MaxValueBytes} bytes in one line";
        return Contains(tags, name) ? "is given twice" : null;
    }

    private static bool HasControls(ReadOnlySpan<byte> text) =>
        text.ContainsAnyInRange((byte)0, (byte)0x1F) || text.Contains((byte)0x7F);

    private static bool Contains(List<TextPair> tags, ReadOnlySpan<byte> name)
    {
        foreach (var tag in tags)
        {
            if (name.SequenceEqual(tag.Name))
                return true;
        }

        return false;
    }
}
