using System.Globalization;
using System.Text;

namespace bench;

/// <summary>Creates many one-shots by createTasks, a thousand at a time, on a few connections.</summary>
internal sealed class TaskLoad(HttpClient client, string callbackUrl)
{
    private const int BatchSize = 1000;
    private const int Connections = 4;

    /// <summary>Of url and body: what a callback cannot be stored in less than.</summary>
    public int CallbackBytes { get; } = callbackUrl.Length + BodyOf(0).Length;

    /// <summary>Returns how many seconds it took.</summary>
    /// <param name="count">How many.</param>
    /// <param name="dueSeconds">When the task of that number is due, in unix seconds.</param>
    public async Task<double> RunAsync(int count, Func<int, long> dueSeconds)
    {
        var start = TimeProvider.System.GetTimestamp();
        var next = 0;
        var creators = new Task[Connections];
        for (var i = 0; i < creators.Length; i++)
            creators[i] = CreateAsync();
        await Task.WhenAll(creators);
        return TimeProvider.System.GetElapsedTime(start).TotalSeconds;

        async Task CreateAsync()
        {
            int first;
            while ((first = Interlocked.Add(ref next, BatchSize) - BatchSize) < count)
                await CreateBatchAsync(first, Math.Min(BatchSize, count - first), dueSeconds);
        }
    }

    private async Task CreateBatchAsync(int first, int count, Func<int, long> dueSeconds)
    {
        var batch = new StringBuilder("{\"tasks\":[");
        for (var i = first; i < first + count; i++)
        {
            batch.Append(CultureInfo.InvariantCulture, $"{(i == first ? "" : ",")}{{\"type\":2,\"format\":\"")
                .Append(CultureInfo.InvariantCulture, $"{dueSeconds(i)}\",\"callback\":{{\"url\":\"{callbackUrl}\",")
                .Append("\"body\":").Append(BodyOf(i)).Append("}}");
        }

        using var content = new StringContent(batch.Append("]}").ToString(), Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri("/xcron/createTasks", UriKind.Relative), content);
        var text = await answer.Content.ReadAsStringAsync();
        var created = text.Split("\"code\":0,\"task_id\"").Length - 1;
        if (created != count)
            throw new IOException($"{created} of {count} were created: {text[..Math.Min(500, text.Length)]}");
    }

    private static string BodyOf(int i) => string.Create(CultureInfo.InvariantCulture, $"{{\"order\":{i:0000000}}}")
        .Replace(":0", ":9", StringComparison.Ordinal);
}
