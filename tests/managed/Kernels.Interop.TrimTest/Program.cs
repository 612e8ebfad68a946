using Kernels.Interop;

// One query, two equal keys: attention is the mean of the two values.
float[] query = [1], key = [1, 1], value = [2, 4], output = [0];
using Device device = Device.Open("cpu");
using KernelStream stream = device.CreateStream();
Attention.Forward<float>(stream, new AttentionShape(1, 1, 2, 1, 1, 1, 1), query, key, value, output);
await stream.SynchronizeAsync();
Console.WriteLine($"{device}: {output[0]}");
return output[0] == 3 ? 0 : 1;
